"""The tokeniser that a command or the service was given, as the name of a file that holds its key.

Never the key itself: what stands on a command line, in a settings file or in an environment is read
by many.
"""

from __future__ import annotations

from pathlib import Path

from haitang.app.wiring import naming
from haitang.kernel.errors import HaitangError, Place
from haitang.kernel.identity import Algorithm, Tokeniser


def read_tokeniser(path: Path, *, algorithm: Algorithm) -> Tokeniser:
    """Return the tokeniser whose key a file holds; white space at its ends does not count.

    Raises `HaitangError` at the file where it cannot be read or its key is too short.
    """
    with naming(path):
        key = path.read_bytes().strip()
    try:
        return Tokeniser(key, algorithm)
    except HaitangError as error:
        raise error.at(Place(path=str(path))) from None
