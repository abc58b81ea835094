"""Assembly: turns settled acts into event columns under the catalogue's names.

Nothing is drawn here: whatever still varies (a name check, a rail) follows from a scramble of the
row's number, the same for honest and fraudulent rows.
"""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from haitang.lab.acts import DAY_US, Acts, Array, has
from haitang.lab.bank import MERCHANT_KINDS, OCCUPATIONS, OTHER_BANKS, OWN_BANK, Bank
from haitang.lab.details import NAME_CHECKS, write_details
from haitang.lab.geography import PLACES
from haitang.lab.identifiers import scramble, spell
from haitang.lab.ledger import Settlement
from haitang.lab.sheet import Sheet
from haitang.lab.vocabulary import (
    CHANNEL,
    CHANNELS,
    EVENT,
    EVENTS,
    REMARKS,
    SEGMENTS,
    TXN,
    TXNS,
    WORDS,
)

RATE_USD = 7.12
"""Yuan for a dollar wherever the base amount of dollars is stated."""
SCREEN_APPLICATIONS = ("LIVE_STREAM_D", "MEETING_T", "MEETING_Z", "SCREEN_LINK_Q", "REMOTE_HELP_X")
_BANKS = (OWN_BANK, *OTHER_BANKS)
_SOURCES = ("mbank", "webbank", "counter", "atm-host", "crm-host", "card-host", "qr-host",
            "video-counter", "call-centre",
            "corp-ebank", "core-batch", "clearing", "internal")  # fmt: skip
_OWN_SIDE = tuple(
    TXN[name]
    for name in ("FX_BUY", "FX_SELL", "TERM_BREAK", "FUND_REDEEM", "LOAN_DRAW", "CASH_WITHDRAW")
)
_CASH = tuple(TXN[name] for name in ("CASH_DEPOSIT", "CASH_WITHDRAW", "CARDLESS_WITHDRAW"))
_PHONES = (CHANNEL["MOBILE"], CHANNEL["QR"])
"""Channels in which the bank's own app reports from the phone: banking, and scanning a code."""
_SHOPS = tuple(TXN[name] for name in ("POS", "QR_PAY"))


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A run of settled acts with what assembly needs to know of each row."""

    bank: Bank
    words: dict[str, pa.Array]
    table: Acts
    settlement: Settlement
    position: Array
    """Place of each row in the run."""
    chance: Array
    """A number from 0 up to 1 for each row."""
    event_ids: Array
    received_us: Array
    salt: int
    details: dict[str, Array]


def assemble(block: Block) -> pa.Table:
    """Make the event columns of a block."""
    sheet = Sheet(block.table["event"])
    for write in (
        _envelope,
        _customer,
        _environment,
        _signals,
        _parties,
        _movement,
        _means,
        _session,
        _changes,
        _accounts,
        _staff,
        _lists,
    ):
        write(sheet, block)
    write_details(sheet, block.table, block.details, block.words)
    return sheet.table()


def arrow_words(bank: Bank) -> dict[str, pa.Array]:
    """The bank's identifier texts as Arrow arrays, by domain."""
    return {
        domain: pa.array(texts.tolist(), type=pa.string()) for domain, texts in bank.words.items()
    }


def _envelope(sheet: Sheet, block: Block) -> None:
    table, words = block.table, block.words
    place = table["place"]
    sheet.texts("event_type", table["event"], EVENTS)
    sheet.columns["event_id"] = pa.array(block.event_ids.astype("U16").tolist(), type=pa.string())
    sheet.numbers("occurred_at_us", table["at_us"])
    sheet.numbers("received_at_us", block.received_us)
    sheet.numbers("schema_version", np.ones(len(place)))
    sheet.texts("channel", table["channel"], CHANNELS)
    sheet.texts("source_system", table["channel"], _SOURCES)
    online = np.isin(table["channel"], (CHANNEL["MOBILE"], CHANNEL["WEB"], CHANNEL["CORP_EBANK"]))
    online &= table["customer"] >= 0
    _spelled(sheet, "session_id", scramble(table["session"], block.salt ^ 0x5E55), online)
    sheet.texts("bank_code", np.zeros(len(place), dtype=np.int64), _BANKS)
    sheet.texts("outlet_code", table["outlet"], words["outlet"])
    branch = np.where(table["outlet"] >= 0, block.bank.outlet_place[table["outlet"]], -1)
    sheet.texts("branch_code", branch, [f"{item.code}-000" for item in PLACES])
    sheet.texts("region_code", place, [item.code for item in PLACES])
    sheet.texts("country_code", place, [item.country for item in PLACES])


def _spelled(sheet: Sheet, name: str, numbers: Array, where: Array) -> None:
    texts = np.full(len(numbers), "", dtype="U16")
    texts[where] = spell(numbers[where]).astype("U16")
    sheet.texts(
        name, np.where(where, np.arange(len(texts)), -1), pa.array(texts.tolist(), type=pa.string())
    )


def _customer(sheet: Sheet, block: Block) -> None:
    bank, table = block.bank, block.table
    who = table["customer"]
    known = who >= 0
    safe = np.maximum(who, 0)
    account = _own_account(block)
    days = (table["at_us"] - bank.opened_us[safe]) // DAY_US
    sheet.texts("customer_id", who, block.words["customer"])
    sheet.texts("account_id", np.where(known, account, -1), block.words["account"])
    sheet.texts("card_id", np.where(~bank.is_firm[safe], who, -1), block.words["card"])
    sheet.numbers("customer_age_years", bank.age[safe], known & ~bank.is_firm[safe])
    sheet.texts("customer_segment", np.where(known, bank.segment[safe], -1), SEGMENTS)
    sheet.texts("customer_type", np.where(known, bank.is_firm[safe], -1), ("PERSON", "FIRM"))
    sheet.texts(
        "customer_region_code",
        np.where(known, bank.place[safe], -1),
        [item.code for item in PLACES],
    )
    sheet.numbers("customer_tenure_days", np.maximum(days, 0), known)
    sheet.texts("home_outlet_code", np.where(known, bank.outlet[safe], -1), block.words["outlet"])
    sheet.texts(
        "account_class",
        np.where(known, bank.account_class[account], -1),
        ("I", "II", "III", "BASIC"),
    )
    age = np.maximum((table["at_us"] - bank.account_opened_us[account]) // DAY_US, 0)
    sheet.numbers("account_age_days", age, known)
    sheet.numbers("declared_monthly_income_minor", np.round(bank.income[safe], -4), known)
    sheet.texts(
        "occupation", np.where(known & ~bank.is_firm[safe], bank.occupation[safe], -1), OCCUPATIONS
    )
    sheet.flags("disability_registered", bank.disabled[safe], known & ~bank.is_firm[safe])


def _own_account(block: Block) -> Array:
    """The customer's account that the act is about: the payer's or payee's own, else the main."""
    bank, table = block.bank, block.table
    who = table["customer"]
    account = np.maximum(who, 0).astype(np.int64)
    for side in ("payee", "payer"):
        other = np.maximum(table[side], 0)
        mine = (table["txn"] >= 0) & (table[side] >= 0) & (bank.owner[other] == who) & (who >= 0)
        account = np.where(mine, other, account)
    return account


def _environment(sheet: Sheet, block: Block) -> None:
    bank, table = block.bank, block.table
    who = table["customer"]
    safe = np.maximum(who, 0)
    online = (table["device"] >= 0) & (who >= 0)
    phone = online & np.isin(table["channel"], _PHONES)
    sheet.texts("device_id", np.where(online, table["device"], -1), block.words["device"])
    sheet.texts("ip", np.where(online, table["ip"], -1), block.words["ip"])
    sheet.texts(
        "phone",
        np.where(phone | (table["event"] == EVENT["ACCT_OPEN"]), who, -1),
        block.words["phone"],
    )
    sheet.texts("sim_id", np.where(phone, table["device"], -1), block.words["sim"])
    place = np.maximum(table["place"], 0)
    countries = [item.country for item in PLACES]
    sheet.texts("ip_country_code", np.where(online, place, -1), countries)
    sheet.texts("ip_region_code", np.where(online, place, -1), [item.code for item in PLACES])
    outlet = np.maximum(table["outlet"], 0)
    at_outlet = table["outlet"] >= 0
    latitudes = np.array([item.latitude for item in PLACES])
    longitudes = np.array([item.longitude for item in PLACES])
    home = phone & (place == bank.place[safe])
    jitter = (block.chance - 0.5) * 0.06
    latitude = np.where(home, bank.latitude[safe], latitudes[place]) + jitter
    longitude = np.where(home, bank.longitude[safe], longitudes[place])
    longitude = longitude + ((block.chance * 7919) % 1 - 0.5) * 0.06
    latitude = np.where(at_outlet, bank.outlet_latitude[outlet], latitude)
    longitude = np.where(at_outlet, bank.outlet_longitude[outlet], longitude)
    allowed = phone & (scramble(safe, 5) % np.uint64(10) < 7)
    located = allowed | at_outlet | (table["txn"] == TXN["POS"])
    sheet.numbers("latitude", np.round(latitude, 4), located)
    sheet.numbers("longitude", np.round(longitude, 4), located)


def _signals(sheet: Sheet, block: Block) -> None:
    table = block.table
    phone = (table["device"] >= 0) & np.isin(table["channel"], _PHONES) & (table["customer"] >= 0)
    for name in (
        "screen_share",
        "remote_control",
        "accessibility_service",
        "call_active",
        "emulator",
        "rooted",
        "proxy",
        "cloned_app",
    ):
        sheet.flags(name, has(table, name), phone)
    sheet.numbers(
        "call_seconds", np.where(has(table, "call_active"), table["call_seconds"], 0), phone
    )
    state = np.isin(table["event"], [EVENT["SCREEN_SHARE_STATE"], EVENT["REMOTE_CONTROL_STATE"]])
    installed = scramble(table["device"], 9)
    application = (installed % np.uint64(len(SCREEN_APPLICATIONS))).astype(np.int64)
    running = phone & (installed % np.uint64(100) < 22)
    sheet.texts("risky_app", np.where(running, application, -1), SCREEN_APPLICATIONS)
    sheet.texts("app_name", np.where(phone & state, application, -1), SCREEN_APPLICATIONS)


def _parties(sheet: Sheet, block: Block) -> None:
    bank, table, words = block.bank, block.table, block.words
    money = table["txn"] >= 0
    codes = [item.code for item in PLACES]
    countries = [item.country for item in PLACES]
    for side in ("payer", "payee"):
        account = np.where(money, table[side], -1)
        safe = np.maximum(account, 0)
        owner = np.where(account >= 0, bank.owner[safe], -1)
        if side == "payer":
            owner = np.where(
                (account < 0) & np.isin(table["txn"], _OWN_SIDE), table["customer"], owner
            )
        sheet.texts(f"{side}_account", account, words["account"])
        sheet.texts(f"{side}_customer_id", owner, words["customer"])
        sheet.texts(
            f"{side}_bank_code", np.where(account >= 0, bank.account_bank[safe] + 1, -1), _BANKS
        )
        abroad = has(table, "overseas") & (side == "payee")
        place = np.where(
            account >= 0, np.where(abroad, len(PLACES) - 1 - safe % 4, bank.account_place[safe]), -1
        )
        sheet.texts(f"{side}_region_code", place, codes)
        sheet.texts(f"{side}_country_code", place, countries)
        sheet.texts(f"{side}_name_token", account, words["name"])
        before = getattr(block.settlement, f"{side}_before")
        after = getattr(block.settlement, f"{side}_after")
        sheet.numbers(f"{side}_balance_before_minor", before, before >= 0)
        sheet.numbers(f"{side}_balance_after_minor", after, after >= 0)
    payee = table["payee"]
    safe = np.maximum(payee, 0)
    shop = np.isin(table["txn"], _SHOPS) & (table["merchant"] >= 0)
    kind = np.where(
        shop & (payee < 0), 2, np.where(money & (payee >= 0), bank.account_firm[safe], -1)
    )
    sheet.texts("payee_type", kind, ("PERSON", "FIRM", "MERCHANT"))
    own = money & (payee >= 0) & (payee < bank.accounts_own)
    age = np.maximum((table["at_us"] - bank.account_opened_us[safe]) // DAY_US, 0)
    sheet.numbers("payee_account_age_days", age, own)
    merchant = np.maximum(table["merchant"], 0)
    sheet.texts("merchant_id", table["merchant"], words["merchant"])
    kinds = [row[0] for row in MERCHANT_KINDS]
    sheet.texts("merchant_category", np.where(shop, bank.merchant_kind[merchant], -1), kinds)
    sheet.texts("merchant_region_code", np.where(shop, bank.merchant_place[merchant], -1), codes)


def _movement(sheet: Sheet, block: Block) -> None:
    bank, table = block.bank, block.table
    amount = block.settlement.amount
    money = table["txn"] >= 0
    named = money | np.isin(
        table["event"], [EVENT["FX_APPLY"], EVENT["CASH_BOOKING"], EVENT["LOAN_APPLY"]]
    )
    held = bank.dollars[np.maximum(table["customer"], 0)]
    dollars = money & (table["payer"] >= 0) & (table["payer"] == held)
    key = np.where(table["number"] >= 0, table["number"], block.position)
    _spelled(sheet, "txn_id", scramble(key, block.salt ^ 0x7A), money)
    reversed_rows = table["event"] == EVENT["TXN_REVERSED"]
    _spelled(sheet, "original_txn_id", scramble(key, block.salt ^ 0x7A), reversed_rows)
    if reversed_rows.any():
        fresh = scramble(block.position, block.salt ^ 0x0FF)
        _spelled(sheet, "txn_id", fresh, reversed_rows)
    sheet.texts("txn_type", table["txn"], TXNS)
    sheet.numbers("amount_minor", amount, named)
    sheet.texts("currency", np.where(named, dollars, -1), ("CNY", "USD"))
    sheet.numbers(
        "amount_base_minor", np.where(dollars, np.round(amount * RATE_USD), amount), money
    )
    sheet.numbers("fee_minor", np.full(len(amount), 2000), table["txn"] == TXN["CROSS_BORDER"])
    sheet.flags("cash", np.isin(table["txn"], _CASH), money)
    failed = money & ~block.settlement.settled
    request = table["event"] == EVENT["TXN_REQUEST"]
    sheet.flags("success", ~failed, money & (failed | ~request))
    sheet.texts("response_code", np.where(failed, 0, -1), ("51",))
    sheet.texts("remark", np.where(money, table["remark"], -1), REMARKS)


_OLD_YEARS = 65
_ASKED_FOR_FROM = 2_000_000
"""From 20,000 yuan on tellers ask what the money is for."""
_RAILS = ("INTERNAL", "IBPS", "BEPS", "HVPS", "UNIONPAY", "NETSUNION", "SWIFT")


def _means(sheet: Sheet, block: Block) -> None:
    """How the money travels and how the order was given."""
    table, chance = block.table, block.chance
    txn, money = table["txn"], table["txn"] >= 0
    leaves = np.isin(txn, [TXN["TRANSFER_INTER"], TXN["TRANSFER_OWN"], TXN["AGENT_PAY"]]) & (
        table["payee"] >= block.bank.accounts_own
    )
    leaves |= table["event"] == EVENT["TXN_IN"]
    rail = np.where(
        leaves, np.where(block.settlement.amount > 5_000_000, np.where(chance < 0.6, 3, 2), 1), 0
    )
    rail = np.where(txn == TXN["POS"], 4, rail)
    rail = np.where(
        np.isin(txn, [TXN["QR_PAY"], TXN["QR_COLLECT"], TXN["WALLET_IN"], TXN["WALLET_OUT"]]),
        5,
        rail,
    )
    rail = np.where(txn == TXN["CROSS_BORDER"], 6, rail)
    sheet.texts("rail", np.where(money, rail, -1), _RAILS)
    transfer = np.isin(
        txn, [TXN[name] for name in ("TRANSFER_INTRA", "TRANSFER_INTER", "TRANSFER_OWN")]
    )
    transfer &= table["event"] == EVENT["TXN_REQUEST"]
    mode = np.where(chance < 0.93, 0, np.where(chance < 0.98, 1, 2))
    sheet.texts("arrival_mode", np.where(transfer, mode, -1), ("REALTIME", "NORMAL", "NEXT_DAY"))
    turned = (chance * 977) % 1
    check = np.where(turned < 0.93, 0, np.where(turned < 0.955, 1, np.where(turned < 0.965, 2, 3)))
    sheet.texts("name_check", np.where(transfer & leaves, check, -1), NAME_CHECKS)
    online = (table["device"] >= 0) & money
    means = np.where(table["channel"] == CHANNEL["CORP_EBANK"], 2, np.where(turned < 0.5, 0, 1))
    online &= table["channel"] != CHANNEL["QR"]
    sheet.texts("auth_method", np.where(online, means, -1), ("BIOMETRIC", "PASSWORD", "UKEY"))
    sheet.texts("terminal_id", np.where(money, table["terminal"], -1), block.words["terminal"])
    sheet.texts("teller_id", table["staff"], block.words["staff"])
    _seen_by_teller(sheet, block, money & (table["channel"] == CHANNEL["COUNTER"]))
    who = np.maximum(table["customer"], 0)
    corporate = transfer & (table["customer"] >= 0) & block.bank.is_firm[who]
    sheet.flags("urgent", has(table, "urgent"), corporate)
    sheet.flags("contract_known", has(table, "contract_known"), corporate)


def _seen_by_teller(sheet: Sheet, block: Block, counter: Array) -> None:
    """What the teller sees and hears of whoever stands at the counter.

    The honest, too, have a daughter on the phone, and some say that it is nobody's business what
    their money is for: more often the more it is.
    """
    table, bank = block.table, block.bank
    sheet.flags("companion_present", has(table, "companion_present"), counter)
    old = (table["customer"] >= 0) & (bank.age[np.maximum(table["customer"], 0)] >= _OLD_YEARS)
    speaks = (block.chance * 1_511) % 1 < np.where(old, 0.04, 0.02)
    sheet.flags("phone_on_speaker", has(table, "phone_on_speaker") | speaks, counter)
    large = block.settlement.amount >= _ASKED_FOR_FROM
    evades = (block.chance * 3_571) % 1 < np.where(large, 0.03, 0.005)
    sheet.flags("evasive_answers", has(table, "evasive_answers") | evades, counter)


def _session(sheet: Sheet, block: Block) -> None:
    table, chance = block.table, block.chance
    event = table["event"]
    sheet.texts("login_method", np.where(event == EVENT["LOGIN"], table["word"], -1), WORDS)
    refused = np.isin(event, [EVENT["LOGIN_FAIL"], EVENT["OTP_FAILED"]])
    sheet.texts("failure_reason", np.where(refused, table["word"], -1), WORDS)
    states = np.isin(
        event, [EVENT["SCREEN_SHARE_STATE"], EVENT["CALL_STATE"], EVENT["REMOTE_CONTROL_STATE"]]
    )
    sheet.flags("active", has(table, "active"), states)
    checked = np.isin(
        event,
        [EVENT["OTP_VERIFIED"], EVENT["FACE_CHECK"], EVENT["VIDEO_CHECK"], EVENT["OTP_FAILED"]],
    )
    failed = (event == EVENT["OTP_FAILED"]) | (table["word"] == WORDS.index("FAIL"))
    sheet.texts("result", np.where(checked, failed, -1), ("PASS", "FAIL"))
    codes = np.isin(event, [EVENT["OTP_ISSUED"], EVENT["OTP_VERIFIED"], EVENT["OTP_FAILED"]])
    sheet.texts("otp_channel", np.where(codes, 0, -1), ("SMS",))
    face = np.isin(event, [EVENT["FACE_CHECK"], EVENT["VIDEO_CHECK"]])
    sheet.numbers("match_score", np.round(np.where(failed, 0.35, 0.86) + chance * 0.13, 3), face)
    sheet.numbers(
        "liveness_score",
        np.round(np.where(has(table, "virtual_camera"), 0.2, 0.85) + chance * 0.14, 3),
        face,
    )
    sheet.flags("virtual_camera", has(table, "virtual_camera"), face)
    sheet.numbers("attempts", 1 + (chance > 0.93), checked)
    sheet.numbers("elapsed_ms", np.round(2500 + 9000 * chance**2), event == EVENT["OTP_VERIFIED"])
    sheet.texts("face_token", np.where(face, table["customer"], -1), block.words["phone"])


def _changes(sheet: Sheet, block: Block) -> None:
    table = block.table
    event = table["event"]
    limit = event == EVENT["LIMIT_CHANGE"]
    sheet.numbers("old_limit_minor", table["amount"], limit)
    sheet.numbers("new_limit_minor", table["number"], limit)
    added = event == EVENT["PAYEE_ADD"]
    payee = np.where(added, table["payee"], -1)
    sheet.texts("payee_account", payee, block.words["account"])
    bank_code = block.bank.account_bank[np.maximum(payee, 0)] + 1
    sheet.texts("payee_bank_code", np.where(payee >= 0, bank_code, -1), _BANKS)
    operated = np.isin(
        event, [EVENT[name] for name in ("REMOTE_COUNTER_OP", "STAFF_OP", "CONTROL_CHANGE")]
    )
    sheet.texts("operation", np.where(operated, table["word"], -1), WORDS)
    wallet = np.isin(
        event, [EVENT["BIND_CARD"], EVENT["NO_PASSWORD_SIGN"], EVENT["AGREEMENT_SIGN"]]
    )
    sheet.texts("wallet_id", np.where(wallet, table["customer"], -1), block.words["name"])
    sheet.texts("message_type", np.where(event == EVENT["SMS_SENT"], table["word"], -1), WORDS)


def _accounts(sheet: Sheet, block: Block) -> None:
    bank, table, chance = block.bank, block.table, block.chance
    event, who = table["event"], np.maximum(table["customer"], 0)
    opened = event == EVENT["ACCT_OPEN"]
    sheet.texts("id_number_token", np.where(opened, who, -1), block.words["name"])
    sheet.texts(
        "id_region_code", np.where(opened, bank.origin[who], -1), [item.code for item in PLACES]
    )
    sheet.texts("referrer_id", np.where(opened, table["target"], -1), block.words["customer"])
    address = np.where(table["number"] >= 0, table["number"], bank.household[who])
    sheet.texts("address_token", np.where(opened, address, -1), block.words["address"])
    sheet.texts("open_reason", np.where(opened, table["word"], -1), WORDS)
    sheet.numbers("accounts_held", table["amount"], opened)
    sheet.flags("virtual_operator_phone", scramble(who, 13) % np.uint64(100) < 3, opened)
    sheet.numbers("match_score", np.round(0.86 + chance * 0.13, 3), opened)
    asked = event == EVENT["LOAN_APPLY"]
    sheet.numbers("lender_count_month", np.floor(chance * 3), asked)
    sheet.numbers("bureau_queries_month", np.floor(chance * 5), asked)
    sheet.numbers("bureau_income_minor", np.round(bank.income[who] * (0.85 + 0.3 * chance)), asked)


def _staff(sheet: Sheet, block: Block) -> None:
    table = block.table
    sheet.texts("staff_id", table["staff"], block.words["staff"])
    sheet.texts("target_customer_id", table["target"], block.words["customer"])
    sheet.texts("target_account", table["target"], block.words["account"])
    sheet.texts("ticket_id", table["ticket"], block.words["ticket"])
    asked = table["event"] == EVENT["STAFF_QUERY"]
    over = np.isin(table["event"], [EVENT["CONTROL_CHANGE"], EVENT["OVERRIDE"]])
    sheet.flags("on_shift", has(table, "on_shift"), over)
    sheet.flags("documents_seen", has(table, "documents_seen"), over)
    sheet.texts("reason_code", np.where(asked, table["word"], -1), WORDS)
    for name in ("customer_present", "exported", "screenshot", "on_shift"):
        sheet.flags(name, has(table, name), asked)


def _lists(sheet: Sheet, block: Block) -> None:
    table = block.table
    listed = table["event"] == EVENT["LIST_UPSERT"]
    sheet.texts("list_name", np.where(listed, 0, -1), ("case_accounts",))
    sheet.texts("list_value", np.where(listed, table["payee"], -1), block.words["account"])
    sheet.texts("category", np.where(listed, 0, -1), ("CASE_ACCOUNT",))
    sheet.texts("source", np.where(listed, table["word"], -1), WORDS)
    sheet.numbers("severity", np.full(len(listed), 3), listed)
    sheet.numbers("effective_at_us", table["at_us"], listed)
