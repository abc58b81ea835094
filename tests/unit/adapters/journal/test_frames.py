from __future__ import annotations

import numpy as np
import pytest

from haitang.adapters.journal.frames import (
    HEADER_BYTES,
    frame_of,
    keys_of,
    pack_frame,
    parse_header,
    whole,
    whole_frames,
)


def packed(payload: bytes = b"payload", keys: tuple[int, ...] = ()) -> bytes:
    pieces, _ = pack_frame(
        kind=1,
        count=2,
        position=12,
        stamp_us=-5,
        previous=0xDEADBEEF,
        payload=payload,
        keys=np.array(keys, np.uint64),
    )
    return b"".join(pieces)


@pytest.mark.parametrize("size", range(18))
@pytest.mark.parametrize("keys", [(), (1, 2**64 - 1)])
def test_a_frame_comes_back_as_it_was_packed(size: int, keys: tuple[int, ...]) -> None:
    data = packed(bytes(size), keys)
    header = parse_header(data)
    assert header is not None
    assert header.frame_bytes == len(data)
    assert len(data) % 8 == 0
    assert whole(data, 0, header)
    frame = frame_of(data, 0, header)
    assert (frame.kind, frame.position, frame.count, frame.stamp_us) == (1, 12, 2, -5)
    assert frame.payload == bytes(size)
    assert keys_of(data, 0, header).tolist() == list(keys)
    assert header.previous == 0xDEADBEEF


def test_no_flipped_bit_of_a_frame_goes_unseen() -> None:
    data = packed(b"the payload", (7, 8))
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        header = parse_header(bytes(flipped))
        if bit < 8 * 36:
            # The header checks itself, so that a damaged length is never followed.
            assert header is None, bit
        else:
            assert header is not None
            assert not whole(bytes(flipped), 0, header), bit


def test_whole_frames_are_found_among_rubbish() -> None:
    data = packed(b"one")
    header = parse_header(data)
    rubbish = data[: HEADER_BYTES - 1] + b"rubbish"
    assert list(whole_frames(rubbish + data + rubbish)) == [(len(rubbish), header)]
    assert list(whole_frames(data + data[:-1])) == [(0, header)]
    assert list(whole_frames(b"")) == []
