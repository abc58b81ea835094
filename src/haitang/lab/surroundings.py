"""What surrounds an act: device and address, signals, log-in and codes.

Applied to honest and fraudulent acts alike, after all were drawn: a story states only what the
crime itself brings along (a strange device, a shared screen), everything else follows the same
odds for everybody.
"""

from __future__ import annotations

import numpy as np

from haitang.lab.acts import DAY_US, SECOND_US, Acts, Array, bits, has, join, take
from haitang.lab.bank import POOL, Bank
from haitang.lab.geography import PLACES
from haitang.lab.identifiers import scramble
from haitang.lab.vocabulary import (
    CHANNEL,
    EVENT,
    FLAG,
    TXN,
    WITH_CODE,
    WITH_FACE,
    WITH_LOGIN,
    WITH_MESSAGE,
    WITH_PAYEE,
    WORD,
)  # fmt: skip

REMOTE = (CHANNEL["MOBILE"], CHANNEL["WEB"], CHANNEL["CORP_EBANK"])
TRANSFERS = tuple(
    TXN[name] for name in ("TRANSFER_OWN", "TRANSFER_INTRA", "TRANSFER_INTER", "CROSS_BORDER")
)
_CHANGES = tuple(EVENT[name] for name in ("PASSWORD_RESET", "LIMIT_CHANGE", "PHONE_CHANGE",
                                          "BIND_CARD", "NO_PASSWORD_SIGN",
                                          "AGREEMENT_SIGN", "DEVICE_BIND", "PAYEE_ADD",
                                          "CARD_UNLOST", "FX_APPLY", "LOAN_APPLY"))  # fmt: skip


def surround(
    rng: np.random.Generator, bank: Bank, table: Acts, *, sessions_before: int = 0
) -> Acts:
    """Complete the acts and add the session events around them.

    Sessions that the acts do not name are numbered from `sessions_before` on.
    """
    _who(bank, table)
    _rails(bank, table)
    remote = np.isin(table["channel"], REMOTE) & (table["customer"] >= 0)
    scanned = (table["channel"] == CHANNEL["QR"]) & (table["event"] == EVENT["TXN_REQUEST"])
    _where(bank, table)
    _devices(rng, bank, table, remote | scanned)
    _signals(rng, bank, table, remote | scanned)
    _steps(rng, table, remote)
    fresh = table["session"] < 0
    table["session"][fresh] = sessions_before + np.arange(int(fresh.sum()))
    return join([table, *_session_events(rng, table)])


def _who(bank: Bank, table: Acts) -> None:
    for side in ("payer", "payee"):
        account = table[side]
        missing = (
            (table["customer"] < 0)
            & (account >= 0)
            & (account < bank.accounts_own)
            & (table["txn"] >= 0)
        )
        table["customer"][missing] = bank.owner[account[missing]]


def _rails(bank: Bank, table: Acts) -> None:
    """A transfer inside the bank is another type than one that leaves it."""
    between = table["txn"] == TXN["TRANSFER_INTER"]
    inside = (
        (table["payer"] >= 0)
        & (table["payer"] < bank.accounts_own)
        & (table["payee"] >= 0)
        & (table["payee"] < bank.accounts_own)
    )
    table["txn"][between & inside] = TXN["TRANSFER_INTRA"]


def _where(bank: Bank, table: Acts) -> None:
    unknown = (table["place"] < 0) & (table["customer"] >= 0)
    day = np.clip((table["at_us"] - bank.start_us) // DAY_US, 0, bank.days - 1)
    table["place"][unknown] = bank.place_by_day[table["customer"][unknown], day[unknown]]


def _devices(rng: np.random.Generator, bank: Bank, table: Acts, remote: Array) -> None:
    rows = np.flatnonzero(remote & (table["device"] < 0))
    who = table["customer"][rows]
    day = (table["at_us"][rows] - bank.start_us) // DAY_US
    changed = (bank.device_change_day[who] >= 0) & (day >= bank.device_change_day[who])
    table["device"][rows] = np.where(changed, bank.next_device[who], bank.device[who])
    rows = np.flatnonzero(remote & (table["ip"] < 0))
    table["ip"][rows] = addresses(rng, bank, table["customer"][rows], table["place"][rows])


def addresses(rng: np.random.Generator, bank: Bank, who: Array, place: Array) -> Array:
    """Internet addresses: the household's, the employer's, or one of the mobile pool."""
    draw = rng.random(len(who))
    home = len(PLACES) * POOL + bank.household[who]
    works_at = np.where(bank.is_firm[who], who, bank.employer[who])
    office = len(PLACES) * POOL + int(bank.household.max()) + 1 + np.maximum(works_at, 0)
    pool = bank.ips_mobile[place] + rng.integers(0, POOL, len(who))
    away = place != bank.place[who]
    chosen = np.where(draw < 0.45, home, np.where((draw < 0.7) & (works_at >= 0), office, pool))
    chosen = np.where(bank.is_firm[who], office, chosen)
    return np.asarray(np.where(away, pool, chosen))


def _signals(rng: np.random.Generator, bank: Bank, table: Acts, remote: Array) -> None:
    """Signals that honest phones send too, by device, by person and by chance."""
    rows = np.flatnonzero(remote)
    who, device = table["customer"][rows], table["device"][rows]
    habit = scramble(device, 77).astype(np.float64) / 2.0**64
    chance = rng.random(len(rows))
    flags = np.where(habit < 0.012, FLAG["rooted"], 0)
    flags |= np.where((habit > 0.1) & (habit < 0.107), FLAG["cloned_app"], 0)
    flags |= np.where((habit > 0.2) & (habit < 0.203), FLAG["emulator"], 0)
    flags |= np.where(
        (bank.disabled[who] & (chance < 0.9)) | ((habit > 0.3) & (habit < 0.306)),
        FLAG["accessibility_service"],
        0,
    )
    flags |= np.where((habit > 0.4) & (habit < 0.43) & (chance < 0.4), FLAG["proxy"], 0)
    calls = rng.random(len(rows)) < 0.02
    flags |= np.where(calls, FLAG["call_active"], 0)
    flags |= np.where(rng.random(len(rows)) < 0.0006, FLAG["screen_share"], 0)
    flags |= np.where(rng.random(len(rows)) < 0.0003, FLAG["remote_control"], 0)
    table["flags"][rows] |= flags.astype(np.uint32)
    talking = calls & (table["call_seconds"][rows] == 0)
    table["call_seconds"][rows[talking]] = (
        rng.lognormal(4.6, 1.0, int(talking.sum())).astype(np.int64) + 5
    )


def _steps(rng: np.random.Generator, table: Acts, remote: Array) -> None:
    money = remote & (table["event"] == EVENT["TXN_REQUEST"])
    changes = remote & np.isin(table["event"], _CHANGES)
    transfer = money & np.isin(table["txn"], TRANSFERS)
    new = has(table, "new_payee")
    large = (table["amount"] >= 500_000) | (table["share"] > 0)
    huge = (table["amount"] >= 5_000_000) | (table["share"] > 0)
    draw = rng.random((5, len(remote)))
    chances = (
        (WITH_LOGIN, np.where(money, 0.62, 0.45), money | changes),
        (WITH_CODE, np.where(new, 0.8, np.where(large, 0.55, 0.15)), money | changes),
        (WITH_PAYEE, np.where(new, 0.7, 0.0), transfer),
        (WITH_FACE, np.where(huge, 0.35, 0.01), money),
        (WITH_MESSAGE, np.full(len(remote), 0.07), money),
    )
    for row, (step, chance, where) in enumerate(chances):
        table["steps"] |= np.where(where & (draw[row] < chance), step, 0).astype(np.uint8)


_OF_THE_PAYMENT = (
    "urgent", "contract_known", "companion_present", "phone_on_speaker", "evasive_answers",
)  # fmt: skip
"""Flags that speak of a payment, and of no session around it."""
_PLAN = (
    (WITH_LOGIN, "LOGIN", -240, -90, "BIOMETRIC"),
    (WITH_PAYEE, "PAYEE_ADD", -85, -60, "APP"),
    (WITH_FACE, "FACE_CHECK", -58, -45, "PASS"),
    (WITH_CODE, "OTP_ISSUED", -42, -22, "SMS"),
    (WITH_CODE, "OTP_VERIFIED", -20, -2, "SMS"),
    (WITH_MESSAGE, "SMS_SENT", 2, 25, "BALANCE_CHANGE"),
)
"""Step, event, earliest and latest second beside the act, word. Ranges do not overlap."""


def _session_events(rng: np.random.Generator, table: Acts) -> list[Acts]:
    pieces = []
    for step, event, low, high, word in _PLAN:
        rows = np.flatnonzero(table["steps"] & step)
        piece = take(table, rows)
        piece["at_us"] += rng.integers(low * 1000, high * 1000, len(rows)) * (SECOND_US // 1000)
        piece["event"][:] = EVENT[event]
        piece["word"][:] = WORD[word]
        for column, value in (
            ("txn", -1),
            ("payer", -1),
            ("amount", 0),
            ("share", 0),
            ("number", -1),
            ("remark", -1),
            ("detail", -1),
        ):
            piece[column][:] = value
        for column in ("payee", "merchant", "terminal"):
            if event != "PAYEE_ADD" or column != "payee":
                piece[column][:] = -1
        piece["flags"] &= ~np.uint32(bits(*_OF_THE_PAYMENT))
        story = piece["story"] >= 0
        piece["role"][story] = 0
        pieces.append(piece)
    return pieces
