"""What the parts of an ``Archive`` share."""

from __future__ import annotations

from . import _native


class Opened:
    """Something with an open archive behind it."""

    @property
    def _open(self) -> _native.Archive:
        raise NotImplementedError
