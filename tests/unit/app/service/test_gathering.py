from haitang.app.service.gathering import STEP_US, WINDOW_US, Gathering
from haitang.app.service.pressure import NodeSettings

MOST_US = 4_000


class _Times:
    """A clock and a thread's processor time, both set by hand."""

    def __init__(self) -> None:
        self.now_us = 0
        self.spent_us = 0

    def gathering(self) -> Gathering:
        settings = NodeSettings(gather_us_max=MOST_US, overlap_events=256)
        return Gathering(lambda: self.now_us, settings, busy_us=lambda: self.spent_us)

    def run(self, gathering: Gathering, *, share: float, windows: int) -> None:
        """Begin turns, a millisecond apart, on a thread that spends a share of the time."""
        for _ in range(windows * WINDOW_US // 1_000 + 1):
            gathering.begin(1)
            self.now_us += 1_000
            self.spent_us += int(1_000 * share)


def test_where_little_comes_no_turn_is_held() -> None:
    times = _Times()
    gathering = times.gathering()
    times.run(gathering, share=0.5, windows=20)
    gathering.begin(1)
    assert gathering.gap_us == 0
    assert gathering.hold_s(queued=1, idle=100) == 0


def test_a_busy_loop_holds_turns_further_and_further_apart_up_to_a_bound() -> None:
    times = _Times()
    gathering = times.gathering()
    distances = []
    for _ in range(8):
        times.run(gathering, share=1.0, windows=1)
        distances.append(gathering.gap_us)
    assert distances == sorted(distances)
    assert distances[0] == STEP_US
    assert distances[-1] == MOST_US
    gathering.begin(1)
    assert gathering.hold_s(queued=1, idle=100) == MOST_US / 1e6
    times.now_us += 1_500
    assert gathering.hold_s(queued=1, idle=100) == (MOST_US - 1_500) / 1e6


def test_what_holding_saved_does_not_end_it() -> None:
    times = _Times()
    gathering = times.gathering()
    times.run(gathering, share=1.0, windows=8)
    times.run(gathering, share=0.75, windows=20)
    assert gathering.gap_us == MOST_US
    times.run(gathering, share=0.3, windows=8)
    assert gathering.gap_us == 0


def test_many_events_and_turns_that_began_long_ago_wait_for_nothing() -> None:
    times = _Times()
    gathering = times.gathering()
    times.run(gathering, share=1.0, windows=8)
    gathering.begin(1)
    assert gathering.hold_s(queued=255, idle=100) > 0
    assert gathering.hold_s(queued=256, idle=100) == 0
    # What the loop's timers cannot tell from now is now.
    times.now_us += MOST_US - STEP_US // 2 + 1
    assert gathering.hold_s(queued=1, idle=100) == 0
    times.now_us += 10 * MOST_US
    assert gathering.hold_s(queued=1, idle=100) == 0


def test_nobody_is_held_where_most_senders_wait_already() -> None:
    times = _Times()
    gathering = times.gathering()
    # A request a millisecond: four will come in the time, twice as many must be able to.
    times.run(gathering, share=1.0, windows=8)
    gathering.begin(1)
    assert gathering.hold_s(queued=1, idle=7) == 0
    assert gathering.hold_s(queued=1, idle=9) == MOST_US / 1e6
