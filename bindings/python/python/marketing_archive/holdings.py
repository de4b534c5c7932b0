"""The archive: file, find, lend, move and take stock of a customer's papers."""

from __future__ import annotations

import datetime
import json
import os
from typing import Any, Iterable, Mapping

from . import _engine, _given, _native
from ._answers import Answer, Answers, answers
from .checks import Checks
from .custody import Custody
from .lists import Lists
from .packages import Packages
from .room import Room

_Path = str | os.PathLike[str]


def _documents(documents: Any) -> list[Any]:
    return [_document(f"documents[{at}]", document) for at, document in enumerate(_given.listed("documents", documents))]


def _document(name: str, document: Any) -> Any:
    if not isinstance(document, Mapping):
        return os.fspath(_given.path(name, document))
    if "path" not in document:
        raise _native.InvalidInput(f"{name}: has no path: give it one, or give the path alone")
    return {**document, "path": os.fspath(_given.path(f'{name}["path"]', document["path"]))}


def _fact(name: str, value: Any) -> bool | float | str:
    return value if isinstance(value, (bool, str)) else _given.number(name, value, least=None)


class Archive(Custody, Checks, Lists, Packages, Room):
    """An archive directory: catalogue, content, rules, simulated devices. May be shared between threads."""

    def __init__(self, path: _Path) -> None:
        """Open the archive in ``path``; raises ``NotFound`` where there is none."""
        _engine.start()
        self._native: _native.Archive | None = _native.Archive(os.fspath(path), False)

    @classmethod
    def create(cls, path: _Path) -> Archive:
        """Make an archive with the shipped settings in ``path``, where it has none yet, and open it."""
        _engine.start()
        archive = cls.__new__(cls)
        archive._native = _native.Archive(os.fspath(path), True)
        return archive

    def close(self) -> None:
        """Close the archive. Every later call raises ``Conflict``; closing again does nothing."""
        self._native = None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _open(self) -> _native.Archive:
        if self._native is None:
            raise _native.Conflict("archive: is closed: open it anew")
        return self._native

    def file(
        self,
        *,
        key: str,
        customer: Mapping[str, str],
        process: str,
        date: _given.Day,
        documents: Iterable[_Path | Mapping[str, Any]],
        record: Mapping[str, str] | None = None,
        facts: Mapping[str, bool | float | str] | None = None,
        stage: str | None = None,
    ) -> Answer:
        """File a customer's papers and give what became of them.

        ``customer`` has the keys ``number``, ``name`` and ``class`` (``residential`` or ``business``);
        ``date`` is a day, as ``YYYY-MM-DD`` or ``datetime.date``. What ``customer`` and ``record`` hold are texts,
        numbers too. The same request again under the same key changes nothing and gives the same answer.

        A document is a path, or a mapping with ``path`` and any of ``type``, ``form`` (``original`` or
        ``copy``), ``carrier`` and ``pages``. ``stage`` is the stage that the process has reached.
        """
        request = {
            "key": _given.text("key", key),
            "customer": _given.texts_by_name("customer", customer),
            "process": _given.text("process", process),
            "date": _given.day("date", date).isoformat(),
            "documents": _documents(documents),
            "record": _given.texts_by_name("record", record or {}),
            "facts": {name: _fact(f'facts["{name}"]', fact) for name, fact in _given.named("facts", facts or {}).items()},
        }
        if stage is not None:
            request["stage"] = _given.text("stage", stage)
        return Answer(json.loads(self._open.file(_given.json_of("documents", request))))

    def join(self, reference: str, *, key: str, documents: Iterable[_Path | Mapping[str, Any]]) -> Answer:
        """Add late documents to the file ``reference``; ``key`` names the request, and ``documents`` are as
        for ``file``. Raises ``Refused`` where the file was closed."""
        papers = _given.json_of("documents", _documents(documents))
        return Answer(json.loads(self._open.join(reference, key, papers)))

    def resume(self) -> Answers:
        """Go on with every filing whose box is not known to stand in its slot."""
        return answers(self._open.resume())

    def report(self, outcomes: Iterable[Mapping[str, Any]], directory: _Path) -> str:
        """Write the findings of filings as a page with the scans beside them; gives the page's path."""
        return os.fspath(self._open.report(_given.json_of("outcomes", _given.listed("outcomes", outcomes)), directory))

    def locate(self, name: str) -> Answers:
        """Find files by archive number, customer, document, box, slot, request or tag; raises ``NotFound``."""
        return answers(self._open.locate(name))

    def search(self, words: str, *, limit: int = 50) -> Answers:
        """Live files that have all ``words`` (separated by spaces), the newest first, at most ``limit``."""
        return answers(self._open.search(words, limit))

    def inventory(self) -> Answer:
        """Read the tags of all aisles with boxes and compare with the catalogue."""
        return Answer(json.loads(self._open.inventory()))

    def lend(
        self,
        reference: str,
        *,
        key: str,
        borrower: str,
        purpose: str,
        when: datetime.datetime | None = None,
        due: datetime.datetime | None = None,
    ) -> Answer:
        """Lend a file's paper. ``key`` names the loan: the same loan again changes nothing. Times without a
        zone are local ones. Raises ``Conflict`` where the file is out already."""
        request = {
            "key": _given.text("key", key),
            "reference": _given.text("reference", reference),
            "borrower": _given.text("borrower", borrower),
            "purpose": _given.text("purpose", purpose),
            "when": _moment("when", when).isoformat(),
            "due": None if due is None else _moment("due", due).isoformat(),
        }
        return Answer(json.loads(self._open.lend(json.dumps(request))))

    def give_back(self, loan: str, *, when: datetime.datetime | None = None) -> Answer:
        """Record that the loan with the key ``loan`` came back; again changes nothing."""
        return Answer(json.loads(self._open.give_back(loan, _moment("when", when))))

    def overdue(self, *, now: datetime.datetime | None = None) -> Answers:
        """The loans that are out for too long, each with its ``days``."""
        return answers(self._open.overdue(_moment("now", now)))

    def open_loans(self) -> Answers:
        """The loans that are out, oldest first."""
        return answers(self._open.open_loans())

    def move_box(self, number: str, to: str, *, when: datetime.datetime | None = None) -> Answer:
        """Keep the slot ``to`` for the box ``number``, which stays where it is until ``confirm_move``."""
        return Answer(json.loads(self._open.move_box(number, to, _moment("when", when))))

    def confirm_move(self, number: str, *, when: datetime.datetime | None = None) -> Answer:
        """Record that the box stands in the slot that it was moved to."""
        return Answer(json.loads(self._open.confirm_move(number, _moment("when", when))))

    def cancel_move(self, number: str, *, when: datetime.datetime | None = None) -> Answer:
        """Undo a move that was not confirmed."""
        return Answer(json.loads(self._open.cancel_move(number, _moment("when", when))))

    def audit(self) -> Answers:
        """Check everything that must hold; nothing found is an empty list."""
        return answers(self._open.audit())


def setup() -> str:
    """Fetch the inference engine and the models where they are not there yet; gives their directory.

    Raises ``Unavailable`` without pip or network.
    """
    return _native.setup()


def write_samples(directory: _Path, *, key: str = "samples") -> dict[str, Any]:
    """Write three papers of one synthetic customer into ``directory`` and give the arguments for
    ``Archive.file``; some cells of the record are wrong."""
    request: dict[str, Any] = json.loads(_native.write_samples(directory, key))
    return request


def _moment(name: str, when: datetime.datetime | None) -> datetime.datetime:
    return _given.moment(name, datetime.datetime.now() if when is None else when)
