"""The further stories happen as their crimes do; honest life knows the same traces."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from haitang.lab.acts import HOUR_US, LOCAL_OFFSET_US
from haitang.lab.day import LabDay, generate
from haitang.lab.details import Details
from haitang.lab.labels import AT_RISK
from haitang.lab.stories import STORIES
from haitang.lab.stories.further import FURTHER
from haitang.lab.vocabulary import ROLES

Row = dict[str, Any]
Told = dict[str, list[Row]]
NIGHTLY = {"C12", "D06", "F05", "I11"}
"""Typologies whose stories, or some of them, are of the night."""


@pytest.fixture(scope="module")
def day() -> LabDay:
    return generate(33, customers=1_200, days=14, stories={one.typology: 2 for one in FURTHER})


@pytest.fixture(scope="module")
def told(day: LabDay) -> Told:
    """The events of each story with their labels, in journal order."""
    labels = {row["event_id"]: row for row in day.labels().to_pylist()}
    stories: Told = defaultdict(list)
    for row in day.rows():
        if label := labels.get(row["event_id"]):
            stories[label["story_id"]].append(row | label)
    return stories


def _of(told: Told, typology: str) -> list[list[Row]]:
    return [rows for name, rows in told.items() if name.startswith(typology)]


def _roles(rows: list[Row], *roles: str) -> list[Row]:
    return [row for row in rows if row["role"] in roles]


@pytest.mark.parametrize("typology", [one.typology for one in FURTHER])
def test_every_further_kind_is_told(told: Told, typology: str) -> None:
    assert _of(told, typology)


def test_only_reports_and_states_have_no_story() -> None:
    known = {
        f"{family}{number:02d}"
        for family, count in zip(
            "ABCDEFGHIJK", (12, 16, 20, 22, 8, 10, 17, 8, 12, 8, 6), strict=True
        )
        for number in range(1, count + 1)
    }
    assert known - set(STORIES) == {"A11", "I01", "I02", "I12"}


def test_money_of_every_money_story_is_at_risk(told: Told) -> None:
    at_risk = {ROLES[code] for code in AT_RISK}
    rows = [row for story in told.values() for row in story]
    moved = [row for row in rows if row["role"] in at_risk and row["event_type"] == "TXN_REQUEST"]
    assert len(moved) > 300
    assert all(row["amount_at_risk_minor"] > 0 for row in moved if row["role"] != "staging")


def test_money_made_ready_is_at_risk_only_where_nothing_moves_it_on(told: Told) -> None:
    leaving = {ROLES[code] for code in AT_RISK} - {"staging"}
    seen = set()
    for story in told.values():
        # Rows stand in journal order.
        for n, row in enumerate(story):
            if row["role"] == "staging" and row["event_type"] == "TXN_REQUEST":
                later = any(one["role"] in leaving and one["amount_at_risk_minor"] > 0
                            for one in story[n + 1 :])  # fmt: skip
                assert (row["amount_at_risk_minor"] == 0) == later
                seen.add(later)
    assert True in seen


def test_a_chain_passes_from_hand_to_hand(told: Told) -> None:
    for rows in _of(told, "D10"):
        hops = [row for row in _roles(rows, "mule_out") if row.get("payee_customer_id")]
        for here, there in pairwise(hops):
            assert here["payee_account"] == there["payer_account"]
        assert len(hops) >= 2


def test_a_ring_comes_back_to_where_it_began(told: Told) -> None:
    for rows in _of(told, "D18"):
        sent = _roles(rows, "mule_out")
        first = sent[0]["payer_account"]
        assert first in {row["payee_account"] for row in sent}


def test_one_face_stands_behind_several_cards(told: Told) -> None:
    cards = [
        {row["card_id"] for row in rows if row.get("face_token") == face}
        for rows in _of(told, "E05")
        for face in {row.get("face_token") for row in rows} - {None}
    ]
    assert max(len(held) for held in cards) >= 3


def test_most_cash_at_machines_is_fetched_by_its_owner(day: LabDay) -> None:
    labelled = set(day.labels()["event_id"].to_pylist())
    faces: dict[str, set[str]] = defaultdict(set)
    for row in day.rows():
        face, card = row.get("face_token"), row.get("card_id")
        if row["channel"] == "ATM" and face and card and row["event_id"] not in labelled:
            faces[card].add(face)
    alone = [card for card, seen in faces.items() if len(seen) == 1]
    assert 0.8 * len(faces) < len(alone) < len(faces)


def test_a_copied_card_is_used_where_its_holder_is_not(told: Told) -> None:
    used = [row for rows in _of(told, "F01") for row in _roles(rows, "victim_payment")]
    assert used
    assert all(row["region_code"] != row["customer_region_code"] for row in used)


def test_who_was_robbed_before_is_known_before_the_second_robbery(told: Told) -> None:
    for rows in _of(told, "C20"):
        judged = next(row for row in rows if row["event_type"] == "LABEL")
        assert judged["label"] == "FRAUD_VICTIM"
        paid = _roles(rows, "victim_payment")
        assert all(row["payer_customer_id"] == judged["customer_id"] for row in paid)
        assert all(row["occurred_at_us"] > judged["occurred_at_us"] for row in paid)


def test_a_punished_person_is_listed_before_he_asks(told: Told) -> None:
    for rows in _of(told, "A10"):
        assert rows[0]["event_type"] == "LIST_UPSERT"
        assert rows[0]["list_name"] == "punished_persons"
        names = {row.get("customer_id") for row in rows} | {
            row.get("id_number_token") for row in rows
        }
        assert rows[0]["list_value"] in names


@pytest.mark.parametrize(
    ("typology", "field"),
    [("G05", "legal_person_token"), ("G06", "agent_id"), ("G04", "address_token")],
)
def test_firms_of_a_row_share_one_thing(told: Told, typology: str, field: str) -> None:
    for rows in _of(told, typology):
        asked = [row for row in rows if row["event_type"] == "ACCT_OPEN"]
        assert len({row[field] for row in asked}) == 1
        assert all(row["customer_type"] == "FIRM" for row in asked)


def test_honest_firms_share_addresses_heads_and_agents_too() -> None:
    day = generate(8, customers=3_000, days=28, stories={})
    for field in ("legal_person_token", "agent_id", "address_token"):
        firms: dict[str, set[str]] = defaultdict(set)
        for row in day.rows():
            if row["event_type"] == "ACCT_OPEN" and row.get(field):
                firms[row[field]].add(row["customer_id"])
        assert max(len(members) for members in firms.values()) >= 2, field


def test_quota_buyers_send_to_one_account_abroad(told: Told) -> None:
    for rows in _of(told, "H05"):
        sent = [row for row in rows if row.get("txn_type") == "CROSS_BORDER"]
        assert len({row["payee_account"] for row in sent}) == 1
        assert len({row["payer_customer_id"] for row in sent}) >= 2


def test_controls_are_lifted_by_one_colleague(told: Told) -> None:
    for rows in _of(told, "J06"):
        lifted = [row for row in rows if row["event_type"] == "CONTROL_CHANGE"]
        assert len({row["staff_id"] for row in lifted}) == 1
        assert {row["operation"] for row in lifted} == {"RELEASE"}


def test_criminals_and_victims_sleep_unless_the_crime_is_of_the_night(told: Told) -> None:
    rows = [row for story in told.values() for row in story if row["typology"] not in NIGHTLY]
    at_us = np.array([row["occurred_at_us"] for row in rows])
    hour = (at_us + LOCAL_OFFSET_US) // HOUR_US % 24
    assert ((hour >= 1) & (hour < 6)).mean() < 0.1


def test_an_unknown_detail_is_refused() -> None:
    with pytest.raises(AssertionError, match="unknown details"):
        Details().add({"shoe_size": 43})
