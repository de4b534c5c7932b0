"""Whether what was filed is still what it was."""

from __future__ import annotations

import json
import os
from typing import Any, Literal, Mapping

from . import _given, _native
from ._answers import Answer
from ._opened import Opened

Occasion = Literal["filing", "transfer", "long-term"]


class Checks(Opened):
    """How an ``Archive`` looks after its contents."""

    def check_natures(self, reference: str | None = None, *, occasion: Occasion = "long-term") -> Answer:
        """The four-nature checks (四性检测) of the file ``reference``, or of all holdings: ``results``, each with
        its ``nature``, what was checked and the ``answer`` (``passed``, ``failed`` or ``unverified``)."""
        return Answer(json.loads(_native.check_natures(self._open, reference, occasion)))

    def fixity_scan(self, *, budget: int | None = None) -> Answer:
        """Read contents again and compare their digests, ``budget`` bytes at most; the next scan goes on where
        this one ended. ``damaged`` has what is not what was filed: see ``restore``."""
        return Answer(json.loads(_native.fixity_scan(self._open, budget)))

    def restore(self, copies: str | os.PathLike[str]) -> Answer:
        """Put damaged contents right from the directory ``copies``, a backup of the archive's ``content``:
        ``restored``, and ``lost`` where no copy is sound. A copy is used only where its digest is the document's."""
        return Answer(json.loads(_native.restore(self._open, copies)))

    def content(self, document: Mapping[str, Any]) -> bytes:
        """The bytes of a document, one of the ``documents`` that ``locate`` gives. Raises ``Corrupt`` where they
        are not what was filed."""
        return _native.content(self._open, _given.json_of("document", _given.named("document", document)))
