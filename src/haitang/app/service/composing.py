"""From settings to the parts of a service: the options of a node, a course, a follower."""

from __future__ import annotations

from pathlib import Path

import msgspec

from haitang.app.service.course import CourseSettings
from haitang.app.service.lifecycle import NodeOptions
from haitang.app.service.pressure import NodeSettings, PressureSettings
from haitang.app.settings_service import ServiceSettings


def node_options(settings: ServiceSettings) -> NodeOptions:
    """Return what the node is told."""
    return NodeOptions(
        folder=Path(settings.data_folder),
        node=NodeSettings(
            batch_events_max=settings.batch_events_max,
            pressure=PressureSettings(
                queue_events_max=settings.queue_events_max,
                rules_only_share=settings.rules_only_share,
                lists_only_share=settings.lists_only_share,
            ),
            fail_policy=settings.fail_policy,
        ),
        course=course_settings(settings),
        segment_bytes=settings.journal_segment_bytes,
        accept_clock=settings.accept_clock,
        drain_timeout_s=settings.drain_timeout_s,
    )


def follower_settings(settings: ServiceSettings) -> CourseSettings:
    """Return the same for what goes along beside the node: nobody waits for its memory."""
    return msgspec.structs.replace(course_settings(settings), state_touched_bytes=0)


def course_settings(settings: ServiceSettings) -> CourseSettings:
    """Return the bounds of what is held in memory."""
    return CourseSettings(
        state_bytes_max=settings.state_bytes_max,
        state_touched_bytes=settings.state_touched_bytes,
        remembered_events=settings.remembered_events,
    )
