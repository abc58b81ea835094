from __future__ import annotations

import io
import json
import threading
from typing import Any

import msgspec
import pytest

from haitang.adapters.logs import LINES_A_SECOND_MAX, LineWriter, LogFormat, LogLevel, open_log
from haitang.data.events.titles import FIELD_TITLES
from haitang.kernel.errors import HaitangError, Place
from haitang.kernel.identity import Masked

CARD = "6222021234567890123"


class StillClock:
    def now_us(self) -> int:
        return 1_772_445_600_000_000

    def elapsed_us(self) -> int:
        return 0


def logged(
    event: str, *, form: LogFormat = "json", level: LogLevel = "info", **details: object
) -> list[str]:
    stream = io.BytesIO()
    log = open_log(clock=StillClock(), form=form, level=level, stream=stream)
    log.tell(event, **details)
    log.close()
    return stream.getvalue().decode().splitlines()


def line(event: str, **details: object) -> dict[str, Any]:
    (said,) = logged(event, **details)  # type: ignore[arg-type]  # names of details only
    found: dict[str, Any] = json.loads(said)
    return found


def test_a_line_says_when_how_bad_and_what() -> None:
    assert line("node_started", port=8620, modes=("full",), ready=True, note=None) == {
        "at": "2026-03-02T10:00:00Z",
        "level": "info",
        "event": "node_started",
        "port": 8620,
        "modes": ["full"],
        "ready": True,
        "withheld": ["note"],
    }


def test_a_line_for_a_person_stays_one_line() -> None:
    (said,) = logged(
        "node_started", form="text", port=8620, reason="two words\nand more", folder="d"
    )
    assert said == (
        '2026-03-02T10:00:00Z info    node_started port=8620 reason="two words\\nand more" folder=d'
    )


@pytest.mark.parametrize("name", [name for name, held in FIELD_TITLES.items() if held[2] != "C1"])
def test_no_field_that_tells_of_a_person_is_printed(name: str) -> None:
    said = line("decision_refused", **{name: CARD, "inside": {name: CARD, "code": "x"}})
    assert CARD not in json.dumps(said)
    assert said["withheld"] == [name]
    assert said["inside"] == {"code": "x"}


class Payment(msgspec.Struct):
    payer_account: str = CARD


@pytest.mark.parametrize(
    "value",
    [Masked(CARD), Payment(), [Masked(CARD)], {"a": [Payment()]}, CARD.encode(), ValueError(CARD)],
    ids=["masked", "struct", "list", "nested", "bytes", "error"],
)
def test_masked_values_objects_and_texts_of_errors_are_withheld(value: object) -> None:
    assert CARD not in json.dumps(line("decision_refused", thing=value))
    assert CARD not in "".join(logged("decision_refused", form="text", thing=value))


@pytest.mark.parametrize("name", ["token", "secret", "Authorization", "body"])
def test_secrets_and_bodies_are_withheld(name: str) -> None:
    assert "ht_1" not in json.dumps(line("request_refused", **{name: "ht_1_2"}))


def test_an_error_is_told_by_code_and_place() -> None:
    error = HaitangError(
        code="amount_malformed",
        message=f"the amount was `{CARD}`",
        place=Place(path="request", pointer=f"$.{CARD}"),
    )
    assert line("decision_refused", error=error)["error"] == {
        "code": "amount_malformed",
        "place": "request",
    }


def test_an_exception_is_told_by_kind_and_frames() -> None:
    try:
        raise RuntimeError(CARD)
    except RuntimeError as error:
        said = line("node_failed", error=error)["error"]
    assert said["kind"] == "RuntimeError"
    assert said["frames"][-1].startswith("adapters/test_logs.py:")


@pytest.mark.parametrize(
    ("event", "level", "lines"),
    [("node_started", "warning", 0), ("node_failed", "warning", 1), ("node_failed", "error", 1)],
)
def test_what_is_below_the_level_is_not_written(event: str, level: LogLevel, lines: int) -> None:
    assert len(logged(event, level=level)) == lines


def test_long_texts_and_many_details_are_cut() -> None:
    said = line("node_started", reason="x" * 10_000, **{f"d{n}": n for n in range(100)})
    assert len(json.dumps(said)) < 2_000


def test_a_flood_is_cut_and_counted() -> None:
    stream = io.BytesIO()
    log = open_log(clock=StillClock(), stream=stream)
    for number in range(LINES_A_SECOND_MAX + 50):
        log.tell("node_started", number=number)
    log.close()
    assert log.dropped >= 50
    assert len(stream.getvalue().splitlines()) + log.dropped == LINES_A_SECOND_MAX + 50


class StuckStream(io.BytesIO):
    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def write(self, _data: object, /) -> int:
        self.let_go.wait(30)
        return 0


def test_a_reader_that_hangs_does_not_hold_us_up() -> None:
    stream = StuckStream()
    writer = LineWriter(stream, lines_max=10)
    for _ in range(100):
        writer.msg("line")
    assert writer.dropped >= 89
    stream.let_go.set()
    writer.close(timeout_s=10)


class FullStream(io.BytesIO):
    def write(self, _data: object, /) -> int:
        raise OSError(28, "no space left")


def test_a_full_disk_does_not_reach_the_caller() -> None:
    log = open_log(clock=StillClock(), stream=FullStream())
    log.tell("node_started")
    log.close()
    assert log.dropped == 1
    log.tell("node_started")
    assert log.dropped == 2
