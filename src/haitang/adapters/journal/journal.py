"""The journal: one thread stages, one commits, any may read."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from haitang.adapters.files.troubles import naming
from haitang.adapters.journal.errors import (
    JournalFailed,
    JournalRefused,
    behind_snapshot,
    full,
    missing,
    pruned,
    rewound,
    write_failed,
)
from haitang.adapters.journal.frames import (
    BODY_BYTES_MAX,
    HEADER_BYTES,
    KEYS_MAX,
    Chain,
    Frame,
    Keys,
)
from haitang.adapters.journal.indexing import Indexing
from haitang.adapters.journal.layout import (
    JOURNAL_FOLDER,
    create_segment,
    first_position_of,
    let_go,
    remove_partials,
    segment_path,
    segment_paths,
    snapshots_ahead,
    sync_folder,
    write_all,
)
from haitang.adapters.journal.lock import FolderLock
from haitang.adapters.journal.reading import read_frame, read_frames
from haitang.adapters.journal.scanning import (
    begin,
    extend,
    extend_last,
    load,
    load_sealed,
    reading,
    refusal_of,
    stored_if_indexed,
)
from haitang.adapters.journal.segments import OpenSegment, Segment
from haitang.adapters.journal.staging import (
    STAGED_BYTES_MAX,
    Mended,
    Packed,
    Staged,
    pack_staged,
)
from haitang.adapters.journal.syncing import Syncer

SEGMENT_BYTES = 256 << 20

_LISTINGS_MAX = 5
"""How often a reader lists a journal whose segments come and go while it opens them."""


class Journal:
    """A journal in a data folder; `open` is its constructor.

    `stage` belongs to one thread, `commit` to another; `read`, `frame_at` and `find` to any, and
    they see what is durable. Who cannot wait for the disk calls `begin_commit` and `end_commit`.
    After a `JournalFailed` nothing is taken until the journal was closed and opened again.
    """

    def __init__(
        self, folder: Path, *, segment_bytes: int, staged_bytes_max: int, lock: FolderLock | None
    ) -> None:
        self.folder = folder
        self.mended: Mended | None = None
        self._segment_bytes = segment_bytes
        self._staged_bytes_max = staged_bytes_max
        self._lock = lock
        self._file = -1
        self._failed: JournalFailed | None = None
        self._closed = False
        self._committing = threading.Lock()
        self._staging = threading.Lock()
        self._staged: list[Staged] = []
        self._staged_bytes = 0
        self._syncer: Syncer | None = None
        self._under_way: Packed | None = None
        """What a commit that was begun is writing."""
        self._indexing: Indexing | None = None
        self._sealed: tuple[Segment, ...] = ()
        self._open: OpenSegment
        self.next_position = 0
        self.last_stamp_us = 0

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        staged_bytes_max: int = STAGED_BYTES_MAX,
        read_only: bool = False,
    ) -> Journal:
        """Open the journal of a data folder, or make a new one; reads the last segment whole.

        Read-only takes no lock and changes nothing: a tail that is not whole yet is not there yet.
        Raises `JournalRefused`.
        """
        lock = None
        if not read_only:
            with naming(folder):
                (folder / JOURNAL_FOLDER).mkdir(parents=True, exist_ok=True)
            lock = FolderLock(folder)
        journal = cls(
            folder, segment_bytes=segment_bytes, staged_bytes_max=staged_bytes_max, lock=lock
        )
        try:
            with naming(folder / JOURNAL_FOLDER):
                journal._load_to_read() if read_only else journal._load_to_write()
        except BaseException:
            journal.close()
            raise
        return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def read_only(self) -> bool:
        """Whether it was opened to read what another process writes."""
        return self._lock is None

    @property
    def journal_id(self) -> str:
        """What tells this journal from every other."""
        return self._open.journal_id

    @property
    def first_position(self) -> int:
        """Position of the oldest event that is still there; 0 unless segments were pruned."""
        there = (one for one in self._sealed if one.path.exists())
        return next(there, self._open).facts.first_position

    @property
    def durable_position(self) -> int:
        """Position behind the last event that no crash can take away."""
        return self._open.chain.position

    @property
    def failed(self) -> JournalFailed | None:
        """Why it takes nothing any more; None while it does."""
        return self._failed

    # -- writing ---------------------------------------------------------------------------------

    def stage(
        self,
        *,
        kind: int,
        count: int,
        stamp_us: int,
        payload: bytes,
        keys: Sequence[int] | Keys = (),
    ) -> int:
        """Put a frame into the line for the next commit; returns the position of its first event.

        Touches no disk. `keys` are 64-bit lookup keys, equally many for each event, event by event.
        A frame without events (`count` 0) takes no position and has no keys.
        """
        assert self._lock is not None, "the journal was opened to read"
        assert 1 <= kind <= 255
        assert stamp_us >= self.last_stamp_us, "the stamp went backwards"
        assert len(keys) % max(count, 1) == 0, "the events have unequally many keys"
        assert len(keys) <= (KEYS_MAX if count else 0), "a frame without events has no keys"
        size = HEADER_BYTES + len(payload) + 8 * len(keys)
        assert size < BODY_BYTES_MAX
        with self._staging:
            if self._failed is not None:
                raise self._failed
            if self._staged_bytes + size > self._staged_bytes_max:
                raise full(self.folder, bytes_max=self._staged_bytes_max)
            position = self.next_position
            self._staged.append(Staged(kind, position, count, stamp_us, payload, keys, size))
            self._staged_bytes += size
            self.next_position = position + count
            self.last_stamp_us = stamp_us
        return position

    def commit(self) -> int:
        """Write all that is staged, wait until it is durable, and return `durable_position`.

        Raises `JournalFailed` when it could not; the file is as before, and what was staged is
        dropped.
        """
        assert self._lock is not None, "the journal was opened to read"
        with self._committing:
            assert self._under_way is None, "a commit was under way"
            assert not self._closed, "the journal was closed"
            if self._failed is not None:
                raise self._failed
            with self._staging:
                staged, self._staged = self._staged, []
            if staged:
                try:
                    self._write(staged)
                except OSError as error:
                    raise self._fail(error) from error
                except BaseException:
                    # What was written of it must not stay in front of the next frame.
                    self._fail(OSError(errno.EINTR, os.strerror(errno.EINTR)))
                    raise
            return self.durable_position

    def _write(self, staged: list[Staged]) -> None:
        packed = pack_staged(staged, previous=self._open.chain.previous)
        if self._open.end_offset + packed.size > self._segment_bytes and self._roll():
            # The chain goes through the header of the new segment.
            packed = pack_staged(staged, previous=self._open.chain.previous)
        write_all(self._file, packed.pieces)
        os.fdatasync(self._file)
        self._enter(packed)

    def start_syncing(self) -> int:
        """Have a thread for `begin_commit`; returns what is readable when a commit has ended."""
        assert self._lock is not None, "the journal was opened to read"
        if self._syncer is None:
            self._syncer = Syncer()
        return self._syncer.told

    def begin_commit(self) -> bool:
        """Begin to make durable what is staged and return at once; `end_commit` takes the result.

        False where it needs `commit`: before the thread is ready, and where a segment ends.
        """
        syncer = self._syncer
        if syncer is None or not syncer.ready or not self._staged:
            return False
        with self._committing:
            assert self._under_way is None, "a commit was under way"
            if self._failed is not None or self._closed:
                return False
            with self._staging:
                packed = pack_staged(self._staged, previous=self._open.chain.previous)
                if self._open.end_offset + packed.size > self._segment_bytes:
                    return False
                self._staged = []
            self._under_way = packed
            syncer.begin(self._file, packed.pieces)
        return True

    @property
    def commit_failed(self) -> bool:
        """Whether the commit that was begun last went wrong; `end_commit` then takes long."""
        return self._syncer is not None and self._syncer.error != 0

    def end_commit(self, *, wait: bool = False) -> int | None:
        """Take the result of the commit that was begun; returns `durable_position`.

        None where none was under way or, without `wait`, it still is. Raises like `commit`.
        """
        with self._committing:
            packed, syncer = self._under_way, self._syncer
            if packed is None or syncer is None or not syncer.take(wait=wait):
                return None
            self._under_way = None
            if syncer.error:
                error = OSError(syncer.error, os.strerror(syncer.error))
                raise self._fail(error) from error
            self._enter(packed)
            return self.durable_position

    def _enter(self, packed: Packed) -> None:
        self._open.enter(packed.headers, packed.keys)
        with self._staging:
            self._staged_bytes -= packed.staged_bytes

    def _fail(self, error: OSError) -> JournalFailed:
        """Cut the file back to what was durable and take nothing more."""
        failed = write_failed(self._open.path, error)
        with self._staging:
            self._failed = failed
            self._staged = []
            self._staged_bytes = 0
            self.next_position = self._open.chain.position
            self.last_stamp_us = max(self._open.chain.stamp_us, 0)
        # A disk that cannot be cut either leaves a tail for the next opening to judge.
        with suppress(OSError):
            os.ftruncate(self._file, self._open.end_offset)
            os.fsync(self._file)
        return failed

    def _roll(self) -> bool:
        """Begin a new segment; not while the open one has no event, whose name it would take."""
        sealed = self._open
        if sealed.chain.position == sealed.first_position:
            return False
        self._wait_for_index()
        fresh = self._begin_segment(journal_id=sealed.journal_id, chain=sealed.chain)
        file = os.open(fresh.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        os.close(self._file)
        # Sealed before it is replaced, so that no reader misses it; twice is no harm.
        self._sealed = (*self._sealed, sealed)
        self._file, self._open = file, fresh
        self._write_index_aside(sealed)
        return True

    def _begin_segment(self, *, journal_id: str, chain: Chain) -> OpenSegment:
        start = create_segment(self.folder, journal_id=journal_id, chain=chain)
        path = segment_path(self.folder, start.first_position)
        return OpenSegment(path, journal_id=journal_id, header=start.header)

    def _write_index_aside(self, segment: OpenSegment) -> None:
        def written() -> None:
            stored = load_sealed(segment.path, keep_index=False)
            self._sealed = tuple(stored if one is segment else one for one in self._sealed)
            # Who follows is behind by less than a segment, unless it is behind by many.
            for older in self._sealed[-2:-1]:
                let_go(older.path)

        self._indexing = Indexing(segment, written)

    def _wait_for_index(self) -> None:
        if self._indexing is not None:
            self._indexing.finish()
            self._indexing = None

    # -- reading ---------------------------------------------------------------------------------

    def read(self, position: int = 0) -> Iterator[Frame]:
        """Return the frames from the one that holds `position` up to what is durable now.

        Begins with the control frames that stand directly before the event at `position`. Raises
        `JournalRefused` where a frame does not check or its segment was pruned.
        """
        segments = self._segments()
        if position < segments[0].facts.first_position:
            raise pruned(self.folder, position=position)
        ends = [segment.facts.end_offset for segment in segments]
        return read_frames(segments, position=position, ends=ends)

    def frame_at(self, position: int) -> Frame:
        """Return the frame that holds the event at a position."""
        segments = self._segments()
        if position < segments[0].facts.first_position:
            raise pruned(self.folder, position=position)
        assert position < segments[-1].facts.next_position, f"position {position} is not durable"
        segment = next(one for one in reversed(segments) if one.facts.first_position <= position)
        return read_frame(segment, position=position)

    def find(self, key: int) -> list[int]:
        """Return the positions of the events with a lookup key, newest first."""
        first, durable = self.first_position, self.durable_position
        found: set[int] = set()
        for segment in self._segments():
            # A segment that was pruned while we looked holds nothing any more.
            with suppress(FileNotFoundError):
                found.update(place for place in segment.find(key) if first <= place < durable)
        return sorted(found, reverse=True)

    def _segments(self) -> tuple[Segment, ...]:
        """Return all segments as they are now, oldest first."""
        last = self._open
        sealed = self._sealed
        if sealed and sealed[-1].path == last.path:
            # It was being sealed while we looked.
            return sealed
        return (*sealed, last)

    def refresh(self) -> None:
        """See what the writer appended, sealed and removed since; only where it is read-only.

        Raises `JournalRefused` where the journal is damaged (`journal_corrupt`), was cut back
        behind what had been read (`journal_rewound`), or was pruned beyond it (`journal_pruned`).
        """
        assert self._lock is None, "the journal was opened to write"
        with naming(self.folder / JOURNAL_FOLDER):
            self._refresh()

    def _refresh(self) -> None:
        # Listed before it is read: a segment with another behind it is complete.
        paths = segment_paths(self.folder)
        if not paths:
            raise missing(self.folder)
        oldest = first_position_of(paths[0])
        self._sealed = tuple(one for one in self._sealed if one.facts.first_position >= oldest)
        following = [path for path in paths if path > self._open.path]
        try:
            damage = extend_last(self._open)
        except FileNotFoundError:
            if oldest != self._open.chain.position:
                raise pruned(self._open.path, position=self._open.chain.position) from None
            damage = None
        for path in following:
            if damage is not None:
                raise refusal_of(damage)
            with reading(path) as file:
                fresh = begin(path, file)
                if (fresh.first_position, fresh.header_previous) != (
                    self._open.chain.position,
                    self._open.chain.previous,
                ):
                    raise rewound(path, position=self._open.chain.position)
                damage = extend(fresh, file)
            if self._open.path.exists():
                self._sealed = (*self._sealed, self._open)
            self._open = fresh
        if damage is not None and not damage.torn:
            raise refusal_of(damage)
        # What was read while it was open keeps its index in memory: tens of bytes an event.
        self._sealed = tuple(stored_if_indexed(one) for one in self._sealed)
        self.next_position = self._open.chain.position
        self.last_stamp_us = max(self._open.chain.stamp_us, 0)

    # -- opening and closing ---------------------------------------------------------------------

    def _load_to_write(self) -> None:
        remove_partials(self.folder / JOURNAL_FOLDER)
        paths = segment_paths(self.folder)
        if paths:
            sealed, self._open, damage = load(paths, keep_index=True)
            self._sealed = tuple(sealed)
        else:
            sync_folder(self.folder)
            chain = Chain(position=0, previous=None, stamp_us=0)
            self._open = self._begin_segment(journal_id=os.urandom(16).hex(), chain=chain)
            damage = None
        self._file = os.open(self._open.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if damage is not None:
            os.ftruncate(self._file, damage.offset)
            self.mended = Mended(
                path=damage.path,
                offset=damage.offset,
                position=damage.position,
                cut_bytes=damage.cut_bytes,
                reason=damage.reason,
            )
        ahead = snapshots_ahead(self.folder, position=self._open.chain.position)
        if ahead:
            # From now on its positions would be given to other events.
            raise behind_snapshot(ahead[0], position=self._open.chain.position)
        # What a crashed writer wrote and we took for good may still only be in memory.
        os.fsync(self._file)
        self.next_position = self._open.chain.position
        self.last_stamp_us = max(self._open.chain.stamp_us, 0)

    def _load_to_read(self) -> None:
        for attempt in range(1, _LISTINGS_MAX + 1):
            paths = segment_paths(self.folder)
            if not paths:
                raise missing(self.folder)
            try:
                sealed, self._open, _ = load(paths, keep_index=False)
            except (FileNotFoundError, JournalRefused):
                # Segments were begun, sealed or removed while we looked; else it is as it seems.
                if attempt == _LISTINGS_MAX or segment_paths(self.folder) == paths:
                    raise
                continue
            self._sealed = tuple(sealed)
            break
        self.next_position = self._open.chain.position
        self.last_stamp_us = max(self._open.chain.stamp_us, 0)

    def close(self) -> None:
        """Let go of files and lock; what was staged and not committed is dropped."""
        with suppress(JournalFailed):
            self.end_commit(wait=True)
        with self._committing:
            self._closed = True
            if self._syncer is not None:
                self._syncer.close()
                self._syncer = None
            self._wait_for_index()
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
            if self._lock is not None:
                self._lock.release()
