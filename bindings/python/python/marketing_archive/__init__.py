"""File, find and check the papers of electricity customers.

    import marketing_archive as ma
    archive = ma.Archive.create("holdings")

Long calls release the interpreter. Every exception is an ``ArchiveError``; its class says what the
caller can do.
"""

from __future__ import annotations

import datetime
import json
import os
from typing import Any, Iterable, Mapping

from . import _native
from ._native import (
    ArchiveError,
    Conflict,
    Corrupt,
    Denied,
    Internal,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    Refused,
    Unavailable,
    Unsupported,
)

__all__ = [
    "Archive",
    "ArchiveError",
    "Conflict",
    "Corrupt",
    "Denied",
    "Internal",
    "InvalidInput",
    "NotFound",
    "OutcomeUnknown",
    "Reader",
    "Refused",
    "Rule",
    "Unavailable",
    "Unsupported",
    "setup",
]

_Path = str | os.PathLike[str]


def setup() -> str:
    """Fetch the inference engine and the models where they are not there yet; gives their directory.

    Raises ``Unavailable`` without pip or network.
    """
    return _native.setup()


class Archive:
    """An archive directory: catalogue, content, rules, simulated devices."""

    def __init__(self, path: _Path) -> None:
        """Open the archive in ``path``; raises ``NotFound`` where there is none."""
        self._native = _native.Archive(os.fspath(path), False)

    @classmethod
    def create(cls, path: _Path) -> Archive:
        """Make an archive with the shipped settings in ``path``, where it has none yet, and open it."""
        archive = cls.__new__(cls)
        archive._native = _native.Archive(os.fspath(path), True)
        return archive

    def file(
        self,
        *,
        key: str,
        customer: Mapping[str, str],
        process: str,
        date: str | datetime.date,
        documents: Iterable[_Path],
        record: Mapping[str, str] | None = None,
        facts: Mapping[str, bool] | None = None,
    ) -> dict[str, Any]:
        """File a customer's papers and give what became of them.

        ``customer`` has the keys ``number``, ``name`` and ``class`` (``residential`` or ``business``);
        ``date`` is a day, as ``YYYY-MM-DD`` or ``datetime.date``. The same request again under the same
        key changes nothing and gives the same answer.
        """
        request = {
            "key": key,
            "customer": dict(customer),
            "process": process,
            "date": str(date),
            "documents": [os.fspath(path) for path in documents],
            "record": dict(record or {}),
            "facts": dict(facts or {}),
        }
        outcome: dict[str, Any] = json.loads(self._native.file(json.dumps(request)))
        return outcome

    def locate(self, name: str) -> list[dict[str, Any]]:
        """Find files by archive number, customer, document, box, slot, request or tag."""
        found: list[dict[str, Any]] = json.loads(self._native.locate(name))
        return found

    def inventory(self) -> dict[str, Any]:
        """Read the tags of all aisles with boxes and compare with the catalogue."""
        report: dict[str, Any] = json.loads(self._native.inventory())
        return report


class Reader:
    """Reads fields from page images and verifies claims on them."""

    def __init__(self, models: _Path | None = None, *, threads: int | None = None) -> None:
        """Open the models in ``models``, else those that ``setup`` fetched."""
        self._native = _native.Reader(None if models is None else os.fspath(models), threads)

    def read(self, image: _Path | bytes) -> dict[str, Any]:
        """Read a page: ``{"doc_type", "fields": {name: {"value", "text", "confidence", "box"}}}``.

        ``box`` is ``[x0, y0, x1, y1]`` in pixels of the image.
        """
        name, content = _image(image)
        reading: dict[str, Any] = json.loads(self._native.read(name, content))
        return reading

    def verify(self, image: _Path | bytes, record: Mapping[str, str]) -> list[dict[str, Any]]:
        """Verify each claim of ``record`` on the image: a list of ``{"field", "verdict", "suspicion",
        "read", "record"}`` with the verdicts ``match``, ``mismatch`` and ``unreadable``."""
        name, content = _image(image)
        cells: list[dict[str, Any]] = json.loads(self._native.verify(name, content, dict(record)))
        return cells


def _image(image: _Path | bytes) -> tuple[str, bytes]:
    if isinstance(image, bytes):
        return "image", image
    path = os.fspath(image)
    try:
        with open(path, "rb") as file:
            return path, file.read()
    except FileNotFoundError as error:
        raise NotFound(f"{path}: cannot read") from error
    except OSError as error:
        raise InvalidInput(f"{path}: cannot read: {error}") from error


class Rule:
    """A numbering rule, proven sound before its first number."""

    def __init__(self, text: str) -> None:
        """Compile the rule ``text``; raises ``InvalidInput`` with place or counterexample."""
        self._native = _native.Rule(text)

    def parse(self, number: str) -> dict[str, str]:
        """Take a number apart into its fields; raises ``InvalidInput`` saying where it fails."""
        fields: dict[str, str] = self._native.parse(number)
        return fields
