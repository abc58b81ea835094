"""Columns of the graph plan's tables and words of its records, shared by compiler and kernels."""

from __future__ import annotations

LINE_WORDS = 8
"""Words in a cache line: a store's counters have one of their own."""

# One row a store: the payments that satisfy one condition, between one kind of nodes.
T_WHERE = 0  # mask
T_PAYER = 1  # slots of the block's keys
T_PAYEE = 2
T_NEIGHBOURS = 3  # entries of a ring, 0 when only chains are kept
T_ENTRY_WORDS = 4
T_RECORD_WORDS = 5
T_DIRECTORY = 6
T_META = 7  # offset of the store's own counters
T_RETENTION = 8
T_AFTER = 9  # mask of the events from which money is followed, -1 without
T_AMOUNT = 10  # row of the batch's numbers, -1 when no share is asked for
T_LIST_START = 11  # lists that searches of the store ask
T_LIST_STOP = 12
T_COLUMNS = 13

# Words of a store's counters.
M_POSITION = 0  # payments so far
M_FREE = 1  # first released record

# Words of a record of a store.
N_KEY = 0
N_NOW = 1  # latest own instant of its payments
N_BORN = 2  # position of the payment that made it
N_COUNT = 3  # payments that ever arrived
N_LOST = 4  # latest own instant among payments that the ring does not hold any more
N_DRAWN = 5  # latest own instant of an event that `after` names
N_FLAGS = 6
N_PAID = 7  # latest own instant of a payment that it made
N_RING = 8  # a cache line behind the record's start
CHECKED, SPOKEN_OF = 1, 2
"""Flags of a record: lists were asked when it was made; one has said something of it."""
DISORDER = 8
"""Bits below, behind the flags: which payment came with an instant before that of an earlier one,
the last that did, counted from 1.
"""

# Words of an entry of a ring.
E_SOURCE = 0  # payer's record as a line number << 32 | position, 32 bits of it
E_INSTANT = 1
E_AMOUNT = 2
E_DRAWN = 3  # the payer's N_DRAWN when it paid
ENTRY_WORDS, ENTRY_WORDS_DRAWN = 3, 4

# One row a chain.
C_STORE = 0
C_THROUGH = 1  # mask, -1 when all payments carry on
C_DWELL = 2
C_STEPS = 3
C_OFFSET = 4  # first word in the record
C_COLUMN = 5  # column of the output
C_COLUMNS = 6
# Per length: latest arrival and its payer, latest arrival from any other payer.
CHAIN_WORDS = 3

# One row a search.
Q_STORE = 0
Q_WINDOW = 1
Q_VISITS = 2
Q_START = 3  # slot of the block's keys whose past is searched
Q_ASKED = 4  # mask, -1: every payment of the store
Q_CYCLE_STEPS = 5  # 0 when no cycle is asked for
Q_LENGTH = 6  # columns of the output, -1 when not asked for
Q_SHARE = 7
Q_HOPS_STEPS = 8
Q_HOPS = 9
Q_LIST_START = 10
Q_LIST_STOP = 11
Q_DRAWN = 12  # 1: the cycle's first payment must come after a draw
Q_COLUMNS = 13

# One row a scatter-gather.
F_STORE = 0
F_WINDOW = 1
F_ASKED = 2  # mask, -1: every payment of the store
F_COLUMN = 3
F_COLUMNS = 4

# One row a family of components.
U_WHERE = 0
U_DIRECTORY = 1
U_MEMBER = 2  # slot of the block's keys that binds
U_LINK_START = 3
U_LINK_STOP = 4
U_LIST_START = 5
U_LIST_STOP = 6
U_COLUMNS = 7

# One row a link: slot of the block's keys, and the salt of its field.
L_SLOT = 0
L_SALT = 1
L_COLUMNS = 2

# One row a reading of a component.
V_FAMILY = 0
V_MEMBER = 1
V_ASKED = 2
V_ACCOUNTS = 3  # columns of the output, -1 when not asked for
V_CONFIRMED = 4
V_SHARE = 5
V_COLUMNS = 6

# Words of a record of a component.
P_KEY = 0
P_PARENT = 2  # 0: it is a root
P_MEMBERS = 3  # of a root: members of the component
P_CONFIRMED = 4  # of a root: those confirmed
P_FLAGS = 5
PART_WORDS = 8
FLAG_MEMBER, FLAG_CONFIRMED = 1, 2
