"""What can go wrong with a path, said in the one grammar."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from haitang.kernel.errors import HaitangError, Place, did_you_mean, symbol


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn every `OSError` inside into a `HaitangError` that names `path`.

    A broken pipe passes through: that the reader of a stream went away is nobody's fault.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise file_error(error, path=path) from error


def file_error(error: OSError, *, path: Path) -> HaitangError:
    """Say what an `OSError` on `path` means and what to do next."""
    code, message, hint = _meaning(error, path=path)
    return HaitangError(code=code, message=message, place=Place(path=str(path)), hint=hint)


_MEANINGS: dict[int, tuple[str, str, str]] = {
    errno.EISDIR: ("file_is_a_folder", "expected a file; was a folder", "name a file inside it"),
    errno.ENOTDIR: (
        "file_is_not_a_folder",
        "expected a folder on the way; was a file",
        "check the path",
    ),
    errno.ENOSPC: (
        "disk_full",
        "no room was left to write",
        "free some space or name a place on another disk",
    ),
    errno.EACCES: (
        "file_not_allowed",
        "the system refused access",
        "check its owner and its permissions",
    ),
    errno.ENAMETOOLONG: (
        "file_name_too_long",
        "the name was too long for the system",
        "use a shorter one",
    ),
    errno.ELOOP: ("file_link_loop", "the links went in a circle", "name the file itself"),
    errno.EMFILE: (
        "file_too_many_open",
        "too many files were open",
        "raise the limit with `ulimit -n`",
    ),
}
_SAME = {
    errno.EDQUOT: errno.ENOSPC,
    errno.EFBIG: errno.ENOSPC,
    errno.EPERM: errno.EACCES,
    errno.EROFS: errno.EACCES,
    errno.ENFILE: errno.EMFILE,
}


def _meaning(error: OSError, *, path: Path) -> tuple[str, str, str]:
    """Return code, message and hint."""
    number = error.errno or 0
    if number == errno.ENOENT:
        return _missing(path)
    number = _SAME.get(number, number)
    if number in _MEANINGS:
        return _MEANINGS[number]
    reason = symbol(error.strerror or type(error).__name__)
    return "file_failed", f"the system said {reason}", "check the disk and try again"


def _missing(path: Path) -> tuple[str, str, str]:
    """Tell a missing file from a missing folder, and offer the neighbour that was meant."""
    parent = path.parent
    if not parent.exists():
        return (
            "file_missing",
            f"there was no folder {symbol(parent)}",
            "create it or check the path",
        )
    return "file_missing", "there was no such file or folder", neighbour_hint(path)


def neighbour_hint(path: Path) -> str:
    """Offer the name in the same folder that is closest to the one asked for."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())[:NEIGHBOURS_MAX]
    except OSError:
        return "check the path"
    return did_you_mean(path.name, names) or "check the path"


NEIGHBOURS_MAX = 10_000
"""Names of a folder that are looked at for a suggestion."""
