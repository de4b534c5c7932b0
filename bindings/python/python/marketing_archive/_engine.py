"""Which copy of the inference engine this process runs: the one of the onnxruntime package."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os

from . import _native

_LEAST = (1, 23)
"""Older versions crash when a process ends."""


def start() -> None:
    """Start the engine with the onnxruntime package's library, so that one copy serves everybody.

    Where the package is not there or too old, the library that ``setup`` fetched is opened later on.
    """
    # find_spec does not import the package.
    found = importlib.util.find_spec("onnxruntime")
    if found is None or not found.submodule_search_locations or _version() < _LEAST:
        return
    try:
        _native.start_engine(os.path.join(found.submodule_search_locations[0], "capi"))
    except _native.Unavailable:
        return


def _version() -> tuple[int, ...]:
    try:
        parts = importlib.metadata.version("onnxruntime").split(".")[:2]
    except importlib.metadata.PackageNotFoundError:
        return (0,)
    return tuple(int(part) for part in parts if part.isdigit())
