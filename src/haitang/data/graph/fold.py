"""Fold a block of events into the graph and write what its features say of each event.

Events are folded strictly one after another; a block only spares look-ups and lets the processor
fetch all records of the block at once. Every value is written before its payment is kept: searches
look at what came before, and the payment itself is the last step of what they find.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import (
    EVENT_COUNT,
    TAG_BITS,
    WATERMARK_US,
    find,
    first_slot,
    prefetch,
    subtable_of,
)
from haitang.data.features.columns import LANES, first_lanes, lowest_bit
from haitang.data.graph.chains import chain_length, keep_chain
from haitang.data.graph.components import join, measure, member_of
from haitang.data.graph.layout import (
    C_COLUMN,
    C_COLUMNS,
    C_DWELL,
    C_OFFSET,
    C_STEPS,
    C_STORE,
    C_THROUGH,
    CHECKED,
    DISORDER,
    E_AMOUNT,
    E_DRAWN,
    E_INSTANT,
    E_SOURCE,
    F_ASKED,
    F_COLUMN,
    F_COLUMNS,
    F_STORE,
    F_WINDOW,
    L_COLUMNS,
    L_SALT,
    L_SLOT,
    LINE_WORDS,
    M_POSITION,
    N_COUNT,
    N_DRAWN,
    N_FLAGS,
    N_KEY,
    N_LOST,
    N_NOW,
    N_PAID,
    N_RING,
    PART_WORDS,
    Q_ASKED,
    Q_COLUMNS,
    Q_CYCLE_STEPS,
    Q_DRAWN,
    Q_HOPS,
    Q_HOPS_STEPS,
    Q_LENGTH,
    Q_LIST_START,
    Q_LIST_STOP,
    Q_SHARE,
    Q_START,
    Q_STORE,
    Q_WINDOW,
    SPOKEN_OF,
    T_AFTER,
    T_AMOUNT,
    T_COLUMNS,
    T_DIRECTORY,
    T_ENTRY_WORDS,
    T_LIST_START,
    T_LIST_STOP,
    T_META,
    T_NEIGHBOURS,
    T_PAYEE,
    T_PAYER,
    T_RECORD_WORDS,
    T_WHERE,
    U_COLUMNS,
    U_DIRECTORY,
    U_LINK_START,
    U_LINK_STOP,
    U_MEMBER,
    U_WHERE,
    V_ACCOUNTS,
    V_ASKED,
    V_COLUMNS,
    V_CONFIRMED,
    V_FAMILY,
    V_MEMBER,
    V_SHARE,
)
from haitang.data.graph.nodes import node_of
from haitang.data.graph.search import (
    HOPS,
    LENGTH,
    LOW_HALF,
    SHARE,
    is_listed,
    scatter_gather,
    search,
)
from haitang.data.lists.table import has_spoken, list_key, list_view
from haitang.kernel.hashing import combine
from haitang.kernel.pointers import Int, address_of, as_floats, pointer_to, table_of

ALONE = 4
"""Up to so many events, fetching ahead costs more than it spares."""


@njit(nogil=True, error_model="numpy", inline="always")
def _holds(masks: Any, mask: Int, lane: Int) -> Any:
    return mask < 0 or ((masks[mask] >> np.uint64(lane)) & np.uint64(1)) != 0


@njit(nogil=True, error_model="numpy", inline="always")
def _events_of(masks: Any, mask: Int) -> Any:
    """Return the events of a condition's mask; of none, all."""
    return ~np.uint64(0) if mask < 0 else masks[mask]


@njit(cache=True, nogil=True, error_model="numpy")
def _ask_lists(
    arena: Any, stores: Any, store: Int, record: Int, lists: Any, list_hashes: Any
) -> None:
    """Note of a new account whether any list of its store has ever spoken of it: searches look up
    nothing for the others.
    """
    arena[record + N_FLAGS] = CHECKED
    key = np.uint64(arena[record + N_KEY])
    for i in range(stores[store, T_LIST_START], stores[store, T_LIST_STOP]):
        if has_spoken(lists, list_key(np.uint64(list_hashes[i]), key)):
            arena[record + N_FLAGS] = CHECKED | SPOKEN_OF


@njit(cache=True, nogil=True, error_model="numpy")
def _payments_of(stores: Any, store: Int, keys: Any, masks: Any, count: Int) -> Any:
    """Return which events of the block are payments of a store."""
    events = np.uint64(0)
    left = _events_of(masks, stores[store, T_WHERE]) & first_lanes(count)
    while left != np.uint64(0):
        j = lowest_bit(left)
        payer = keys[stores[store, T_PAYER], j]
        payee = keys[stores[store, T_PAYEE], j]
        if payer != 0 and payee != 0 and payer != payee:
            events |= left & (~left + np.uint64(1))
        left &= left - np.uint64(1)
    return events


@njit(cache=True, nogil=True, error_model="numpy")
def _fetch_ends(arena: Any, stores: Any, store: Int, keys: Any, payments: Any) -> None:
    """Ask for the slots, then for the records of both ends of the block's payments."""
    directory = stores[store, T_DIRECTORY]
    for step in range(2):
        left = payments
        while left != np.uint64(0):
            j = lowest_bit(left)
            left &= left - np.uint64(1)
            for side in range(2):
                key = keys[stores[store, T_PAYER + side], j]
                entry = subtable_of(directory, key)
                slots = arena[entry]
                if slots == 0:
                    continue
                slot = slots + first_slot(key, arena[entry + 1] >> 32)
                if step == 0:
                    prefetch(address_of(arena) + 8 * slot)
                elif arena[slot] != 0:
                    prefetch(address_of(arena) + 8 * (arena[slot] >> TAG_BITS))


@njit(cache=True, nogil=True, error_model="numpy")
def _find_ends(
    arena: Any, stores: Any, store: Int, keys: Any, masks: Any, count: Int, lists: Any,
    list_hashes: Any, ends: Any,
) -> Any:  # fmt: skip
    """Find or make the records of both ends of the block's payments and ask for their rings; return
    which events these are.

    `ends` is payer, payee and position by lane; where the payer is 0 there is no payment.
    """
    meta = stores[store, T_META]
    position = arena[meta + M_POSITION]
    directory = stores[store, T_DIRECTORY]
    words = stores[store, T_RECORD_WORDS]
    payments = _payments_of(stores, store, keys, masks, count)
    if count > ALONE:
        _fetch_ends(arena, stores, store, keys, payments)
    for j in range(count):
        ends[0, j] = 0
        ends[2, j] = position
        if (payments >> np.uint64(j)) & np.uint64(1) == np.uint64(0):
            continue
        for side in range(2):
            key = keys[stores[store, T_PAYER + side], j]
            record = node_of(arena, directory, meta, words, key, position)
            if arena[record + N_FLAGS] == 0:
                _ask_lists(arena, stores, store, record, lists, list_hashes)
            ends[side, j] = record
            prefetch(address_of(arena) + 8 * (record + N_RING))
        position += 1
    return payments


@njit(nogil=True, error_model="numpy", inline="always")
def _asking_of(stores: Any, store: Int, searches: Any, search_count: Int, masks: Any) -> Any:
    """Return the events of which a store is asked, or told, something though they are no payments
    of it.
    """
    events = np.uint64(0)
    for q in range(search_count):
        if searches[q, Q_STORE] == store and searches[q, Q_HOPS] >= 0 and searches[q, Q_ASKED] >= 0:
            events |= masks[searches[q, Q_ASKED]]
    if stores[store, T_AFTER] >= 0:
        events |= masks[stores[store, T_AFTER]]
    return events


@njit(cache=True, nogil=True, error_model="numpy")
def _keep_payment(
    arena: Any, stores: Any, store: Int, payer: Int, payee: Int, position: Int, instant: Int,
    amount: float,
) -> None:  # fmt: skip
    """Count a payment and put it before those that the payee keeps; the first may fall out."""
    arena[stores[store, T_META] + M_POSITION] = position + 1
    is_late = instant < arena[payee + N_NOW]
    arena[payer + N_NOW] = max(arena[payer + N_NOW], instant)
    arena[payee + N_NOW] = max(arena[payee + N_NOW], instant)
    arena[payer + N_PAID] = max(arena[payer + N_PAID], instant)
    neighbours = stores[store, T_NEIGHBOURS]
    if neighbours == 0:
        return
    arrived = arena[payee + N_COUNT]
    arena[payee + N_COUNT] = arrived + 1
    if is_late:
        flags = arena[payee + N_FLAGS] & ((1 << DISORDER) - 1)
        arena[payee + N_FLAGS] = ((arrived + 1) << DISORDER) | flags
    entry_words = stores[store, T_ENTRY_WORDS]
    entry = payee + N_RING
    last = entry + (neighbours - 1) * entry_words
    if arrived >= neighbours:
        arena[payee + N_LOST] = max(arena[payee + N_LOST], arena[last + E_INSTANT])
    # The latest stands first, on the cache line behind the head: searches seldom need another.
    for i in range(entry + min(arrived, neighbours - 1) * entry_words - 1, entry - 1, -1):
        arena[i + entry_words] = arena[i]
    arena[entry + E_SOURCE] = ((payer // LINE_WORDS) << 32) | (position & LOW_HALF)
    arena[entry + E_INSTANT] = instant
    floats = as_floats(arena)
    floats[entry + E_AMOUNT] = amount
    if stores[store, T_AFTER] >= 0:
        arena[entry + E_DRAWN] = arena[payer + N_DRAWN]


@njit(cache=True, nogil=True, error_model="numpy")
def _fold_chains(
    arena: Any, chains: Any, chain_count: Int, store: Int, payer: Int, payee: Int, instant: Int,
    masks: Any, lane: Int, columns: Any, width: Int, event: Int,
) -> None:  # fmt: skip
    for c in range(chain_count):
        if chains[c, C_STORE] != store:
            continue
        offset = chains[c, C_OFFSET]
        steps = chains[c, C_STEPS]
        floor = instant - chains[c, C_DWELL]
        length = chain_length(arena, payer + offset, steps, arena[payee + N_KEY], floor)
        columns[chains[c, C_COLUMN] * width + event] = length
        if _holds(masks, chains[c, C_THROUGH], lane):
            # One that is as long as can be told makes the next one as long.
            kept = min(length, steps - 1)
            keep_chain(arena, payee + offset, kept, arena[payer + N_KEY], instant)


@njit(cache=True, nogil=True, error_model="numpy")
def _start_of(
    arena: Any, stores: Any, store: Int, slot: Int, key: Int, payer: Int, payee: Int
) -> Int:
    """Return the record from which a search looks back, or 0."""
    if payer != 0 and slot == stores[store, T_PAYER]:
        return payer
    if payer != 0 and slot == stores[store, T_PAYEE]:
        return payee
    return find(arena, stores[store, T_DIRECTORY], key)


@njit(cache=True, nogil=True, error_model="numpy")
def _run_searches(
    arena: Any, stores: Any, store: Int, searches: Any, search_count: Int, keys: Any, masks: Any,
    lane: Int, payer: Int, payee: Int, position: Int, instant: Int, amount: float, lists: Any,
    list_hashes: Any, scratch: Any, columns: Any, width: Int, event: Int,
) -> None:  # fmt: skip
    reached, ages, told, found = scratch
    for q in range(search_count):
        if searches[q, Q_STORE] != store:
            continue
        key = keys[searches[q, Q_START], lane]
        asked = payer != 0
        if searches[q, Q_ASKED] >= 0:
            # Hops may be asked of what is no payment, a cycle is closed by one.
            asked = asked or searches[q, Q_HOPS] >= 0
            asked = asked and _holds(masks, searches[q, Q_ASKED], lane)
        if not asked or key == 0:
            continue
        floor = instant - searches[q, Q_WINDOW]
        first, last = searches[q, Q_LIST_START], searches[q, Q_LIST_STOP]
        found[LENGTH] = 0.0
        found[SHARE] = 0.0
        found[HOPS] = searches[q, Q_HOPS_STEPS] + 1.0
        start = _start_of(arena, stores, store, searches[q, Q_START], key, payer, payee)
        may_be_listed = start == 0 or arena[start + N_FLAGS] & SPOKEN_OF != 0
        if may_be_listed and is_listed(lists, list_hashes, first, last, key, instant):
            found[HOPS] = 0.0
        target = np.int64(0)
        if payer != 0 and searches[q, Q_CYCLE_STEPS] > 0:
            since = N_DRAWN if searches[q, Q_DRAWN] != 0 else N_PAID
            # Nothing comes back to who has paid nothing, or drawn nothing.
            target = payee if arena[payee + since] >= floor else np.int64(0)
        if start != 0:
            search(
                arena, searches, q, stores[store, T_NEIGHBOURS], stores[store, T_ENTRY_WORDS],
                start, target, position, floor, instant, amount, lists, list_hashes,
                reached, ages, told, found,
            )  # fmt: skip
        if payer != 0 and searches[q, Q_LENGTH] >= 0:
            columns[searches[q, Q_LENGTH] * width + event] = found[LENGTH]
        if payer != 0 and searches[q, Q_SHARE] >= 0:
            columns[searches[q, Q_SHARE] * width + event] = found[SHARE]
        if searches[q, Q_HOPS] >= 0:
            columns[searches[q, Q_HOPS] * width + event] = found[HOPS]


@njit(cache=True, nogil=True, error_model="numpy")
def _mark_drawn(
    arena: Any, stores: Any, store: Int, keys: Any, lane: Int, position: Int, instant: Int,
    lists: Any, list_hashes: Any,
) -> None:  # fmt: skip
    """Note on both sides of an event that money was drawn."""
    for side in range(2):
        key = keys[stores[store, T_PAYER + side], lane]
        if key != 0:
            record = node_of(
                arena, stores[store, T_DIRECTORY], stores[store, T_META],
                stores[store, T_RECORD_WORDS], key, position,
            )  # fmt: skip
            arena[record + N_NOW] = max(arena[record + N_NOW], instant)
            arena[record + N_DRAWN] = max(arena[record + N_DRAWN], instant)
            if arena[record + N_FLAGS] == 0:
                _ask_lists(arena, stores, store, record, lists, list_hashes)


@njit(cache=True, nogil=True, error_model="numpy")
def _fold_components(
    arena: Any, parts: Any, keys: Any, masks: Any, instants: Any, lists: Any, list_hashes: Any,
    first: Int, count: Int, columns: Any, width: Int,
) -> None:  # fmt: skip
    families, family_count, links, readings, reading_count = parts
    # Most events neither bind nor ask; a block goes on in the order of its events.
    events = np.uint64(0)
    for family in range(family_count):
        events |= _events_of(masks, families[family, U_WHERE])
    for v in range(reading_count):
        events |= _events_of(masks, readings[v, V_ASKED])
    events &= first_lanes(count)
    while events != np.uint64(0):
        j = lowest_bit(events)
        events &= events - np.uint64(1)
        instant = instants[first + j]
        for family in range(family_count):
            key = keys[families[family, U_MEMBER], j]
            if key == 0 or not _holds(masks, families[family, U_WHERE], j):
                continue
            member = member_of(arena, families, family, key, instant, lists, list_hashes)
            for i in range(families[family, U_LINK_START], families[family, U_LINK_STOP]):
                word = keys[links[i, L_SLOT], j]
                if word != 0:
                    link = np.int64(combine(np.uint64(links[i, L_SALT]), np.uint64(word)))
                    directory = families[family, U_DIRECTORY]
                    join(arena, member, node_of(arena, directory, 0, PART_WORDS, link, 0))
        for v in range(reading_count):
            key = keys[readings[v, V_MEMBER], j]
            if key != 0 and _holds(masks, readings[v, V_ASKED], j):
                members, confirmed = measure(
                    arena, families, readings[v, V_FAMILY], key, instant, lists, list_hashes
                )
                if readings[v, V_ACCOUNTS] >= 0:
                    columns[readings[v, V_ACCOUNTS] * width + first + j] = members
                if readings[v, V_CONFIRMED] >= 0:
                    columns[readings[v, V_CONFIRMED] * width + first + j] = confirmed
                if readings[v, V_SHARE] >= 0:
                    columns[readings[v, V_SHARE] * width + first + j] = confirmed / members


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _gather(
    arena: Any, stores: Any, store: Int, fans: Any, fan_count: Int, masks: Any, lane: Int,
    payer: Int, payee: Int, position: Int, instant: Int, sources: Any, counts: Any, work: Any,
    columns: Any, width: Int, event: Int,
) -> None:  # fmt: skip
    reached, ages, _, _ = work
    for f in range(fan_count):
        if fans[f, F_STORE] == store and _holds(masks, fans[f, F_ASKED], lane):
            columns[fans[f, F_COLUMN] * width + event] = scatter_gather(
                arena, stores[store, T_NEIGHBOURS], stores[store, T_ENTRY_WORDS],
                payer, payee, position, instant - fans[f, F_WINDOW],
                sources, counts, reached, ages,
            )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _begin(arena: Any, all_columns: Any, instants: Any, first: Int, count: Int) -> None:
    """Count a block's events, note the latest instant, and tell nothing yet."""
    all_columns[:, first : first + count] = math.nan
    for j in range(first, first + count):
        arena[WATERMARK_US] = max(arena[WATERMARK_US], instants[j])
    arena[EVENT_COUNT] += count


@njit(cache=True, nogil=True, error_model="numpy")
def fold_graph(
    words: Any, tables: Any, all_list_hashes: Any, scratch: Any, block_masks: Any, block_keys: Any,
    lists: Any, all_instants: Any, numbers: Any, all_columns: Any, first: Int, count: Int,
    reading: bool,
) -> None:  # fmt: skip
    """Fold events `first` to `first + count` and write their features into `all_columns`.

    Without `reading`, searches are left out and their values missing: what is kept is the same.
    Everything goes on as pointers: each array that is handed on would be counted.
    """
    store_table, chain_table, search_table, fan_table, family_table, link_table, told_table = tables
    ends = table_of(scratch[0], LANES)
    # Accounts reached and their ages, what a level tells, and what a search finds.
    work = (
        pointer_to(scratch[1]), pointer_to(scratch[2]), pointer_to(scratch[3]),
        pointer_to(scratch[4]),
    )  # fmt: skip
    sources = pointer_to(scratch[5])
    counts = pointer_to(scratch[6])
    arena = pointer_to(words)
    stores = table_of(store_table, T_COLUMNS)
    chains = table_of(chain_table, C_COLUMNS)
    searches = table_of(search_table, Q_COLUMNS)
    fans = table_of(fan_table, F_COLUMNS)
    parts = (
        table_of(family_table, U_COLUMNS), family_table.shape[0], table_of(link_table, L_COLUMNS),
        table_of(told_table, V_COLUMNS), told_table.shape[0],
    )  # fmt: skip
    view = list_view(lists)
    list_hashes = pointer_to(all_list_hashes)
    masks = pointer_to(block_masks)
    keys = table_of(block_keys, LANES)
    instants = pointer_to(all_instants)
    columns = pointer_to(all_columns)
    width = all_columns.shape[1]
    amounts = pointer_to(numbers)
    search_count = search_table.shape[0] if reading else 0
    fan_count = fan_table.shape[0] if reading else 0
    _begin(arena, all_columns, instants, first, count)
    for store in range(store_table.shape[0]):
        left = _find_ends(arena, stores, store, keys, masks, count, view, list_hashes, ends)
        left |= _asking_of(stores, store, searches, search_count, masks) & first_lanes(count)
        while left != np.uint64(0):
            j = lowest_bit(left)
            left &= left - np.uint64(1)
            event = first + j
            payer, payee, position = ends[0, j], ends[1, j], ends[2, j]
            instant = instants[event]
            row = stores[store, T_AMOUNT]
            amount = amounts[row * width + event] if row >= 0 else math.nan
            _run_searches(
                arena, stores, store, searches, search_count, keys, masks, j, payer, payee,
                position, instant, amount, view, list_hashes, work, columns, width, event,
            )  # fmt: skip
            if payer != 0:
                _fold_chains(
                    arena, chains, chain_table.shape[0], store, payer, payee, instant,
                    masks, j, columns, width, event,
                )  # fmt: skip
                _gather(
                    arena, stores, store, fans, fan_count, masks, j, payer, payee, position,
                    instant, sources, counts, work, columns, width, event,
                )  # fmt: skip
                _keep_payment(arena, stores, store, payer, payee, position, instant, amount)
            if stores[store, T_AFTER] >= 0 and _holds(masks, stores[store, T_AFTER], j):
                _mark_drawn(arena, stores, store, keys, j, position, instant, view, list_hashes)
    if family_table.shape[0] > 0:
        _fold_components(
            arena, parts, keys, masks, instants, view, list_hashes, first, count, columns, width
        )
