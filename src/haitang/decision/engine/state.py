"""What the engine remembers between events."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from haitang.data.features.pages import AHEAD_WORDS
from haitang.data.features.state import (
    DEFAULT_LIMIT_BYTES,
    FeatureState,
    SectionReader,
    check_header,
    header_of,
    read_state,
    write_state,
)
from haitang.data.graph.state import GraphState
from haitang.data.lists import ListTable
from haitang.decision.engine.challenges import ChallengeMemory
from haitang.decision.engine.prepared import Prepared
from haitang.decision.engine.program import EngineProgram
from haitang.decision.rules.specs import ListSpec
from haitang.kernel.errors import Place

HEADER_SECTION, FEATURES_SECTION, LISTS_SECTION = "state", "features", "lists"
GRAPH_SECTION, CHALLENGES_SECTION = "graph", "challenges"
"""Names of what `EngineState.sections` returns; the graph only where the program has one, the
challenges only where any was noted.
"""


class StateReader(SectionReader, Protocol):
    """Sections that were written somewhere, by their names."""

    @property
    def names(self) -> Collection[str]:
        """Return which sections there are."""
        ...


class EngineState:
    """What one engine remembers: features, graph, lists and challenges; and the program that works
    on them.

    One writer at a time; states made by `beside` share what they remember, and so the writer.
    """

    def __init__(
        self,
        program: EngineProgram,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        touched_bytes: int = 0,
        enter_lists: bool = True,
    ) -> None:
        self.features = FeatureState(
            program.plan, limit_bytes=limit_bytes, touched_bytes=touched_bytes
        )
        self.graph: GraphState | None = None
        if program.graph is not None:
            # Its bound is as large, and its own.
            self.graph = GraphState(program.graph, limit_bytes=limit_bytes)
        self.lists = ListTable()
        self.challenges = ChallengeMemory()
        """What customers were asked: empty, and of no size, while no pack has `friction`."""
        self.prepared = Prepared(program, self.features, self.graph)
        self.program = program
        if enter_lists:
            self.enter_lists(program.pack.lists)

    @classmethod
    def create(
        cls,
        program: EngineProgram,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        touched_bytes: int = 0,
        enter_lists: bool = True,
    ) -> EngineState:
        """Return the state before the first event.

        `touched_bytes` of it are taken from the system at once, so that no event waits for a page:
        what a service does when it starts. Without `enter_lists` the lists are empty until
        somebody enters what a pack brings.
        """
        return cls(
            program,
            limit_bytes=limit_bytes,
            touched_bytes=touched_bytes,
            enter_lists=enter_lists,
        )

    def beside(self, program: EngineProgram) -> EngineState:
        """Return another engine over the same memory, whose program has scratch of its own.

        The plans must be the same. What either folds or lists, both know at once; list entries
        that the program's pack brings are not entered.
        """
        other = EngineState.__new__(EngineState)
        other.features = self.features
        other.graph = self.graph
        other.lists = self.lists
        other.challenges = self.challenges
        other.prepared = Prepared(program, self.features, self.graph)
        other.program = program
        return other

    @property
    def wants_memory(self) -> bool:
        """Tell whether it is time to call `touch_ahead`."""
        if self.features.ahead.is_wanted:
            return True
        return self.graph is not None and self.graph.ahead.is_wanted

    def touch_ahead(self, words: int = AHEAD_WORDS) -> bool:
        """Have the system give memory that events will soon need; see `Ahead.touch`."""
        more = self.features.ahead.touch(words)
        if not more and self.graph is not None:
            more = self.graph.ahead.touch(words)
        return more

    # -- publishing ------------------------------------------------------------------------------

    def prepare(self, program: EngineProgram) -> Prepared:
        """Do what is slow about publishing a program; another thread may call this at any time.

        The plan must be this state's.
        """
        return Prepared(program, self.features, self.graph)

    def adopt(self, prepared: Prepared) -> Prepared:
        """Decide with a prepared program from the next event on; only references are swapped.

        Entries of its pack's lists that the lists do not know yet are entered. Returns what decided
        before: giving its memory back takes longer than the swap, and any thread may do it.
        """
        assert prepared.features is self.features, "it was prepared over another state"
        before = self.prepared
        self.prepared = prepared
        self.program = prepared.program
        self.enter_lists(prepared.program.pack.lists)
        return before

    def publish(self, program: EngineProgram) -> None:
        """Decide with another program from the next event on; its plan must be the same."""
        self.adopt(self.prepare(program))

    def enter_lists(self, lists: Sequence[ListSpec]) -> None:
        """Enter what a pack's lists say, in its order; what is known of a value stays as it is."""
        for spec in lists:
            self.lists.upsert_texts(
                spec.name,
                [
                    (entry.value, entry.effective_at_us, entry.expires_at_us)
                    for entry in spec.entries
                ],
                only_unknown=True,
            )
            if self.graph is not None:
                values = [entry.value for entry in spec.entries]
                self.graph.lists_entered(self.lists.arrays, spec.name, values)

    # -- written out and read back ---------------------------------------------------------------

    def dump(self) -> bytes:
        """Return the whole state as a checked file."""
        sections = {LISTS_SECTION: self.lists.content()}
        if self.graph is not None:
            sections[GRAPH_SECTION] = bytes(self.graph.words())
        if self.challenges.is_used:
            sections[CHALLENGES_SECTION] = b"".join(self.challenges.buffers())
        return write_state(self.features, sections)

    @classmethod
    def load(
        cls,
        program: EngineProgram,
        content: bytes,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        path: str = "",
    ) -> EngineState:
        """Return the state that `dump` wrote; refuses the state of another plan."""
        sections = read_state(content, program.plan, path=path)
        state = cls(program, limit_bytes=limit_bytes, enter_lists=False)
        state.features.restore(sections[FEATURES_SECTION])
        state.lists.restore(sections[LISTS_SECTION])
        if state.graph is not None:
            state.graph.restore(sections[GRAPH_SECTION])
        if CHALLENGES_SECTION in sections:
            state.challenges.restore(sections[CHALLENGES_SECTION])
        return state

    def sections(self) -> dict[str, list[memoryview]]:
        """Return the whole state as named buffers, the arenas' words not copied.

        They show what the next event changes: write them out before. Whoever stores them keeps a
        checksum; only a length that does not fit is noticed when they are read.
        """
        further: dict[str, list[memoryview]] = {}
        if self.graph is not None:
            further[GRAPH_SECTION] = [self.graph.words()]
        if self.challenges.is_used:
            further[CHALLENGES_SECTION] = self.challenges.buffers()
        return {
            HEADER_SECTION: [memoryview(header_of(self.features))],
            FEATURES_SECTION: [self.features.words()],
            LISTS_SECTION: self.lists.buffers(),
            **further,
        }

    @classmethod
    def from_sections(
        cls,
        program: EngineProgram,
        reader: StateReader,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        touched_bytes: int = 0,
        path: str = "",
    ) -> EngineState:
        """Return the state whose sections a reader holds, read straight into the arena.

        Refuses the state of another plan, one beyond the limit, and one whose lengths do not fit.
        """
        header = check_header(reader.read(HEADER_SECTION), program.plan, place=Place(path))
        state = cls(
            program, limit_bytes=limit_bytes, touched_bytes=touched_bytes, enter_lists=False
        )
        state.features.restore_from(reader, FEATURES_SECTION, words=header.words)
        state.lists.restore(reader.read(LISTS_SECTION))
        if state.graph is not None:
            state.graph.restore_from(reader, GRAPH_SECTION)
        if CHALLENGES_SECTION in reader.names:
            state.challenges.restore(reader.read(CHALLENGES_SECTION))
        return state
