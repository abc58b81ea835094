"""One body to the bytes of each event in it: an object, an array, or JSON Lines."""

from __future__ import annotations

import json

import msgspec

from haitang.edges.api.refusals import ApiRefused

JSON_LINES = frozenset((b"application/x-ndjson", b"application/jsonl", b"application/json-lines"))
JSON = b"application/json"

_SPACE = b" \t\r\n"
_ELEMENT_BYTES_MIN = 8
"""A body with more commas than one in so many bytes is counted before it is taken apart."""
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_one = msgspec.json.Decoder(msgspec.Raw).decode


def split_events(data: bytes, *, lines: bool, events_max: int) -> tuple[list[bytes], bool]:
    """Return the JSON text of each event, and whether the body was a single object.

    Only the frame is understood here: an element may be anything, and is refused by its index
    later. Without `lines` the first byte tells: `[` begins an array, and what is not one JSON value
    is JSON Lines. Refuses more than `events_max` before they are taken apart.
    """
    first = data.lstrip(_SPACE)[:1] if data[:1] in _SPACE_FIRST else data[:1]
    if not first:
        raise ApiRefused(
            code="body_not_understood",
            message="the body was empty; expected a JSON object, array, or JSON Lines",
            status=400,
        )
    if not lines:
        if first == b"[":
            return _array(data, events_max), False
        if b"\n" not in data or _is_one_value(data):
            return [data], True
    return _lines(data, events_max), False


_SPACE_FIRST = frozenset((b"", b" ", b"\t", b"\r", b"\n"))


def _array(data: bytes, events_max: int) -> list[bytes]:
    if data.count(b",") > max(len(data) // _ELEMENT_BYTES_MIN, events_max):
        _refuse_long_array(data, events_max)
    try:
        elements = _decode_array(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ApiRefused(
            code="body_not_understood",
            message="the body began like a JSON array and was none",
            hint="end it with `]`, separate its elements by commas, write no number as NaN",
            status=400,
        ) from None
    if len(elements) > events_max:
        raise _too_many(events_max)
    return [bytes(element) for element in elements]


def _refuse_long_array(data: bytes, events_max: int) -> None:
    """Refuse an array of millions of tiny elements; taken apart they would need 80 times the room.

    What cannot be counted is left to be refused for its form.
    """
    # Numbers stay text: one of 5,000 digits would end the count, and let the rest through.
    scan = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode
    text = data.decode("utf-8", "replace")
    at = text.index("[") + 1
    try:
        for _ in range(events_max + 1):
            at = scan(text, _after_space(text, at))[1]
            at = _after_space(text, at)
            if text[at : at + 1] != ",":
                return
            at += 1
    except (ValueError, RecursionError):
        return
    raise _too_many(events_max)


def _after_space(text: str, at: int) -> int:
    while text[at : at + 1] in {" ", "\t", "\r", "\n"}:
        at += 1
    return at


def _is_one_value(data: bytes) -> bool:
    try:
        _decode_one(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True


def _lines(data: bytes, events_max: int) -> list[bytes]:
    # Counting line ends first keeps a body of nothing else from becoming a list.
    if data.count(b"\n") > 2 * events_max + 2:
        raise _too_many(events_max)
    events = [line for line in (piece.strip(_SPACE) for piece in data.split(b"\n")) if line]
    if len(events) > events_max:
        raise _too_many(events_max)
    return events


def _too_many(events_max: int) -> ApiRefused:
    return ApiRefused(
        code="batch_too_many_events",
        message=f"the body held more than {events_max} events",
        hint="send them in several requests",
        status=413,
    )
