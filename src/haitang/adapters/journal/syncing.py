"""A thread that writes and syncs without the interpreter.

A commit from Python asks for the interpreter three times (woken, written, synced), and each time
waits until the thread that decides lets go of it: longer than the disk takes. This one runs machine
code only. It is asked, and it tells, through event counters of the system, one commit at a time.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, types

FILE, ADDRESS, SIZE, ERROR, STOP = range(5)
"""Words of a job: file descriptor, place and number of bytes, `errno` or 0, and whether to end."""
JOB_WORDS = 8
ROOM_BYTES = 1 << 20
"""At hand for what is to be written; what is longer gets room of its own."""

_INT_POINTER: Any = types.CPointer(types.int32)  # type: ignore[no-untyped-call]
_read: Any = types.ExternalFunction("read", types.intp(types.int32, types.uintp, types.uintp))
_write: Any = types.ExternalFunction("write", types.intp(types.int32, types.uintp, types.uintp))
_fdatasync: Any = types.ExternalFunction("fdatasync", types.int32(types.int32))
_errno_place: Any = types.ExternalFunction("__errno_location", _INT_POINTER())


@njit(cache=True, nogil=True, error_model="numpy")
def _write_all(job: Any) -> Any:
    """Write and sync what the job names; returns 0 or the `errno`."""
    file = np.int32(job[FILE])
    done = 0
    while done < job[SIZE]:
        taken = _write(file, np.uintp(job[ADDRESS] + done), np.uintp(job[SIZE] - done))
        if taken < 0:
            error = _errno_place()[0]
            if error != errno.EINTR:
                return error
        elif taken == 0:
            return errno.EIO
        else:
            done += taken
    while _fdatasync(file) != 0:
        error = _errno_place()[0]
        if error != errno.EINTR:
            return error
    return 0


@njit(cache=True, nogil=True, error_model="numpy")
def _serve(job: Any, counter: Any, asked: int, told: int) -> None:
    """Do a job each time `asked` is raised, then raise `told`; until a job says stop."""
    while job[STOP] == 0:
        if _read(np.int32(asked), np.uintp(counter.ctypes.data), np.uintp(8)) < 0:
            if _errno_place()[0] == errno.EINTR:
                continue
            return
        if job[STOP] != 0:
            return
        job[ERROR] = _write_all(job)
        counter[0] = 1
        _write(np.int32(told), np.uintp(counter.ctypes.data), np.uintp(8))


def address_of(data: npt.NDArray[np.uint8]) -> int:
    """Return where an array stands in memory; asking costs microseconds."""
    return int(data.__array_interface__["data"][0])


class Syncer:
    """Writes and syncs one piece of bytes at a time; `told` becomes readable when it is done."""

    def __init__(self) -> None:
        """Start the thread; it takes nothing until it is `ready`."""
        self.told = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.ready = False
        """Its machine code is there."""
        self._asked = os.eventfd(0, os.EFD_CLOEXEC)
        self._job = np.zeros(JOB_WORDS, np.int64)
        self._room = np.zeros(ROOM_BYTES, np.uint8)
        self._room_view = self._room.data
        self._room_address = address_of(self._room)
        self._data: npt.NDArray[np.uint8] = self._room
        self._thread = threading.Thread(target=self._run, name="journal-sync", daemon=True)
        self._thread.start()

    def begin(self, file: int, pieces: Sequence[bytes]) -> None:
        """Write the pieces and sync; the ones before must have been taken."""
        assert self.ready, "the thread was not ready"
        data = b"".join(pieces)
        size = len(data)
        job = self._job
        job[FILE] = file
        job[SIZE] = size
        if size <= ROOM_BYTES:
            self._room_view[:size] = data
            job[ADDRESS] = self._room_address
        else:
            # Kept until it is written: the thread knows an address only.
            self._data = np.frombuffer(data, np.uint8)
            job[ADDRESS] = address_of(self._data)
        os.eventfd_write(self._asked, 1)

    @property
    def error(self) -> int:
        """Return the `errno` of what was done last, 0 where it went well."""
        return int(self._job[ERROR])

    def take(self, *, wait: bool = False) -> bool:
        """Tell whether what was begun is done, and take note; with `wait` it will be."""
        if wait:
            os.set_blocking(self.told, True)
        try:
            os.eventfd_read(self.told)
        except BlockingIOError:
            return False
        finally:
            if wait:
                os.set_blocking(self.told, False)
        self._data = self._room
        return True

    def close(self) -> None:
        """Wait for the end of the thread; nothing may be under way."""
        self._job[STOP] = 1
        os.eventfd_write(self._asked, 1)
        self._thread.join()
        os.close(self._asked)
        os.close(self.told)

    def _run(self) -> None:
        counter = np.zeros(1, np.uint64)
        stopped = np.zeros(JOB_WORDS, np.int64)
        stopped[STOP] = 1
        # Makes or loads the machine code and returns at once.
        _serve(stopped, counter, self._asked, self.told)
        self.ready = True
        _serve(self._job, counter, self._asked, self.told)
