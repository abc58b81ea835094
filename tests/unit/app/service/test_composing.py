"""From settings to the parts of a service."""

from __future__ import annotations

import msgspec

from haitang.app.service.composing import course_settings, follower_settings
from haitang.app.settings_service import ServiceSettings


def test_what_goes_along_beside_the_node_takes_no_memory_ahead() -> None:
    settings = ServiceSettings(
        state_bytes_max=3_000_000_000, state_touched_bytes=200_000_000, remembered_events=5_000
    )
    node, follower = course_settings(settings), follower_settings(settings)
    assert (node.state_touched_bytes, follower.state_touched_bytes) == (200_000_000, 0)
    assert msgspec.structs.replace(follower, state_touched_bytes=200_000_000) == node
    assert (follower.state_bytes_max, follower.remembered_events) == (3_000_000_000, 5_000)
