"""Errors of the model room.

HaitangError
└── ModelRefused
    ├── model_not_lightgbm     the text is not a LightGBM text model
    ├── model_version          a text model, but of a version that we do not read
    ├── model_cut_short        the file ends before its trees or its parameters do
    ├── model_field_invalid    a field is absent, or is not the number or name it must be
    ├── model_inconsistent     fields are well formed but contradict each other
    ├── model_unsupported      LightGBM can do it, this reader refuses it
    └── model_too_large        a named bound is passed
"""

from __future__ import annotations

from haitang.kernel.errors import HaitangError


class ModelRefused(HaitangError):
    """A model file that cannot be used; `place` is the line and the column of the fault."""
