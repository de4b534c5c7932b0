"""What leaves the archive and comes from another: packages, evidence, copies for readers."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Iterable, Literal

from . import _given, _native
from ._answers import Answer, Answers
from ._opened import Opened

if TYPE_CHECKING:
    from .holdings import Archive

_Path = str | os.PathLike[str]
Layout = Literal["bagit", "medium", "medium-gb18030"]


class Packages(Opened):
    """What an ``Archive`` exchanges with others."""

    def export(self, references: Iterable[str], path: _Path, *, layout: Layout = "bagit") -> Answer:
        """Write files as a package at ``path``, where nothing may stand; ``validate_package`` checks it."""
        named = _given.texts("references", references)
        return Answer(json.loads(_native.export(self._open, named, layout, path)))

    def take_in(self, path: _Path) -> Answers:
        """File what a package holds: for each file its ``reference`` there and the ``outcome`` here. A package
        that is not sound raises ``Corrupt`` and nothing of it is filed; the same package again changes nothing."""
        taken = json.loads(_native.take_in(self._open, path))
        return Answers(Answer(reference=reference, outcome=outcome) for reference, outcome in taken)

    def evidence_package(self, reference: str, path: _Path, *, purpose: str) -> str:
        """Write what proves a file in a dispute: its documents, their digests, the log's proofs and a cover that
        people can read. Gives the package's path."""
        return os.fspath(_native.evidence_package(self._open, reference, purpose, path))

    def reading_copy(
        self,
        reference: str,
        path: _Path,
        *,
        reader: str,
        purpose: str,
        documents: Iterable[str] | None = None,
    ) -> Answer:
        """Write a PDF with a watermark for the reading room, of all documents or of those named, and log who
        reads it for what. ``not_shown`` has the documents that cannot stand on paper."""
        ids = None if documents is None else _given.texts("documents", documents)
        return Answer(json.loads(_native.reading_copy(self._open, reference, reader, purpose, ids, path)))

    def merge_site(self, site: Archive) -> Answer:
        """Take over what ``site`` filed while it was cut off, under the numbers that it gave: ``new`` and
        ``known``. Merging again changes nothing."""
        return Answer(json.loads(_native.merge_site(self._open, site._open)))

    def policy_impact(self, pack: _Path) -> Answer:
        """Which live files the policy pack in the file ``pack`` would touch, before it applies."""
        return Answer(json.loads(_native.policy_impact(self._open, pack)))


def validate_package(path: _Path) -> Answer:
    """Check a package of either layout: ``layout``, ``files``, ``warnings``, and ``faults``, which are empty
    where it may be used."""
    return Answer(json.loads(_native.validate_package(path)))
