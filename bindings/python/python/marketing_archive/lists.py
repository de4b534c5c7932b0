"""Catalogues, covers, labels and hand-over lists, for the printer and for spreadsheets."""

from __future__ import annotations

import datetime
import json
import os
from typing import Iterable

from . import _given, _native
from ._answers import Answer
from ._opened import Opened

_Path = str | os.PathLike[str]


class Lists(Opened):
    """What an ``Archive`` writes for people to print. Each call gives ``rows`` or ``pages``, and ``lacking``: the
    characters that the font of a PDF does not have.

    Lists end in ``.pdf``, ``.xlsx`` or ``.csv``; with ``lossless`` a CSV keeps cells that a spreadsheet would take
    for formulas as they are. Covers, notes and labels end in ``.pdf``. ``ARCHIVE_FONT`` names another font.
    """

    def write_item_catalogue(self, path: _Path, *, year: int | None = None, lossless: bool = False) -> Answer:
        """归档文件目录: all files, or those of a year."""
        return Answer(json.loads(_native.write_item_catalogue(self._open, path, year, lossless)))

    def write_box_catalogue(self, number: str, path: _Path, *, lossless: bool = False) -> Answer:
        """盒内文件目录: what lies in a box."""
        return Answer(json.loads(_native.write_box_catalogue(self._open, number, path, lossless)))

    def write_volume_catalogue(self, reference: str, path: _Path, *, lossless: bool = False) -> Answer:
        """卷内文件目录: the documents of a file."""
        return Answer(json.loads(_native.write_volume_catalogue(self._open, reference, path, lossless)))

    def write_hand_over_list(
        self,
        references: Iterable[str],
        path: _Path,
        *,
        giver: str,
        taker: str,
        day: _given.Day | None = None,
        lossless: bool = False,
    ) -> Answer:
        """移交清单: files that ``giver`` hands over to ``taker``."""
        when = datetime.date.today() if day is None else _given.day("day", day)
        named = _given.texts("references", references)
        return Answer(
            json.loads(_native.write_hand_over_list(self._open, named, giver, taker, when, path, lossless))
        )

    def write_volume_cover(self, reference: str, path: _Path) -> Answer:
        """案卷封面: the cover of a volume."""
        return Answer(json.loads(_native.write_volume_cover(self._open, reference, path)))

    def write_box_note(self, number: str, path: _Path, *, arranger: str, checker: str = "") -> Answer:
        """备考表: the note that closes a box."""
        return Answer(json.loads(_native.write_box_note(self._open, number, arranger, checker, path)))

    def write_spine_labels(self, numbers: Iterable[str], path: _Path) -> Answer:
        """盒脊标签: spine labels with QR codes, in their true width."""
        return Answer(json.loads(_native.write_spine_labels(self._open, _given.texts("numbers", numbers), path)))
