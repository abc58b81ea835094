"""Columns of the plan's integer tables, shared by the compiler of plans and the kernels that read
them.
"""

from __future__ import annotations

# One row a stream: the events of one entity's keys that satisfy one predicate, with one `of`,
# ending one delay ago. Which events those are stands with the visits.
S_OFFSET = 0  # words from the start of the record
S_LAZY = 1  # 1: the record holds the block's offset (0 while there is none); 0: the block itself
S_DELAY = 2
S_SOURCE = 3  # value row of `of`, -1 without one
S_FACTOR = 4  # 10 ** of_scale
# Row of the batch's hashes whose distinct values are counted; -1 none, -2 the source row's numbers.
S_HASH = 5
S_EDGE_START = 6
S_EDGE_STOP = 7
S_CURSORS = 8
S_ENTRY_WORDS = 9
S_ENTRY_COUNT = 10
S_ENTRY_SUM = 11  # word within an entry, 0 when not kept
S_ENTRY_SQUARE = 12
S_TOTAL_COUNT = 13
S_TOTAL_SUM = 14  # word within the stream's block
S_TOTAL_SQUARE = 15
S_ENTRY_HASH = 16
S_DISTINCT = 17
S_TABLE = 18
S_MAX = 19
S_MIN = 20
S_WORDS = 21
S_TILE = 22  # granularity of coalesced entries, 0 keeps every entry
S_EXACT = 23  # entries older than this may be coalesced
S_PLACE_START = 24
S_PLACE_STOP = 25
S_COLUMNS = 26

# One row an edge: where a window of a stream begins.
G_WINDOW = 0
G_TILE = 1
G_COLUMNS = 2

# One row a read: which aggregates of one edge go to which value rows (-1: not asked).
R_STREAM = 0
R_EDGE = 1
R_COUNT = 2
R_SUM = 3
R_MEAN = 4
R_STD = 5
R_MIN = 6
R_MAX = 7
R_LAST = 8
R_DISTINCT = 9
R_QUANTILE = 10
R_RANK = 11
R_RARE = 12  # whether any of the four before is asked
R_UNTIL = 13  # edge where the window ends, -1: it ends now
R_MORE = 14  # whether anything is asked but count, sum and mean
R_COLUMNS = 15

# One row a place: a slot at which a stream (or a cell) is read, where its reads of what was before
# the event begin, those of what is with it, and where they end. Places of cells stand behind those
# of streams.
P_SLOT = 0
P_PRIOR = 1
P_WITH = 2
P_STOP = 3
P_COLUMNS = 4

# One row a slot at which a stream or cell counts or is read; those of one stream or cell stand
# together.
V_HOME = 0  # the stream, or behind all streams the cell
V_SLOT = 1
V_MASK = 2  # mask of what counts: -1 everything, -2 nothing
V_PLACE = 3  # row of the place where it is read, -1 where it is not; then what the place says
V_PRIOR = 4
V_WITH = 5
V_STOP = 6
V_HOME_START = 7  # rows of the same stream or cell
V_HOME_STOP = 8
V_COLUMNS = 9

# One row a cell: first, last and number over a key's life, and the latest of some values.
C_OFFSET = 0
C_SOURCE_START = 1  # among the sources, the value rows whose latest is kept
C_SOURCE_STOP = 2
C_PLACE_START = 3
C_PLACE_STOP = 4
C_COLUMNS = 5
CELL_FIRST, CELL_LAST, CELL_TOTAL, CELL_LATEST = 0, 1, 2, 3  # a word a source from the last on

# One row a read of a cell.
D_CELL = 0
D_PRIOR = 1
D_KIND = 2  # one of KIND_*
D_ROW = 3
D_WORD = 4  # of the latest value within the cell
D_COLUMNS = 5
KIND_FIRST, KIND_SINCE, KIND_TOTAL, KIND_LATEST = 0, 1, 2, 3

# One row an entity.
N_DIRECTORY = 0
N_RECORD_WORDS = 1
N_RETENTION = 2
N_STREAM_START = 3
N_STREAM_STOP = 4
N_CELL_START = 5
N_CELL_STOP = 6
N_COLUMNS = 7

# A stream's block: ring offset; length and capacity; entries that have entered; then what the row
# above names.
B_RING = 0
B_LENGTH = 1
B_ENTERED = 2
B_FIXED_WORDS = 3

# A monotone queue: offset of its entries; length and capacity; then one cursor an edge.
Q_ENTRIES = 0
Q_LENGTH = 1
Q_CURSORS = 2
