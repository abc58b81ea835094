"""Output files that appear complete or not at all."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import msgspec

from haitang.adapters.files.troubles import file_error, naming

STANDARD_STREAM = "-"
"""The path that means standard input or output."""


class Replacement:
    """A file written under a temporary name beside its target and renamed when all went well.

    Leaving the `with` block by an exception removes the temporary file and leaves the target as
    it was. Pipes and devices cannot be replaced; they are written to directly. `-` is standard
    output. What is not `durable` is not waited for: a crash of the machine may leave it empty.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._durable = durable
        self._standard = str(path) == STANDARD_STREAM
        self._target = path
        self._written = path
        self._stream: BinaryIO | None = None

    def __enter__(self) -> BinaryIO:
        if self._standard:
            sys.stdout.flush()
            # Unbuffered (`python -u`), the stream of `sys.stdout` writes a part and drops the rest.
            self._stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=BUFFER_BYTES)
            return self._stream
        with naming(self.path):
            self._target = self.path.resolve()
            direct = self._target.exists() and not self._target.is_file()
            name = f".{self._target.name}.{os.getpid()}.partial"
            self._written = self._target if direct else self._target.with_name(name)
            self._stream = self._written.open("wb", buffering=BUFFER_BYTES)
        return self._stream

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._stream is not None
        if kind is not None:
            self._discard()
            return
        try:
            with naming(self.path):
                self._finish()
        except BaseException:
            self._discard()
            raise

    def _finish(self) -> None:
        assert self._stream is not None
        self._stream.flush()
        replaced = self._written != self._target
        if replaced and self._durable:
            os.fsync(self._stream.fileno())
        self._stream.close()
        if replaced:
            self._written.replace(self._target)

    def _discard(self) -> None:
        """Drop what was written; a second failure (a full disk) must not hide the first."""
        assert self._stream is not None
        # The buffered tail may not find room; the file is removed anyway.
        with suppress(OSError):
            self._stream.close()
        if self._written != self._target:
            self._written.unlink(missing_ok=True)


BUFFER_BYTES = 1 << 20
"""Bytes gathered before they go to the system."""


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write one file completely or not at all."""
    with Replacement(path, durable=durable) as stream, naming(path):
        stream.write(content)


def write_json(path: Path, value: object, *, durable: bool = True) -> None:
    """Write a value as one line of JSON, completely or not at all."""
    write_whole(path, msgspec.json.encode(value) + b"\n", durable=durable)


def make_folder(path: Path) -> None:
    """Make a folder and those above it; one that is there already is fine."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise file_error(NotADirectoryError(errno.ENOTDIR, str(error)), path=path) from error
    except OSError as error:
        raise file_error(error, path=path) from error
