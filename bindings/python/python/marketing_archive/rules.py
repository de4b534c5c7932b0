"""Numbering rules: proven sound before their first number, then used on numbers and whole columns."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from typing import Any, Literal, Mapping

from . import _html, _native

IdentifierKind = Literal["citizen-id", "social-credit-code", "organisation-code", "meter-asset", "contract"]


@dataclass(frozen=True)
class Explanation:
    """Where a text fails to be a number, and what was expected there."""

    message: str
    """The whole explanation, for people."""
    character: int
    """The place, counted from 1."""
    found: str | None
    """The character that stands there; ``None`` where the text ends too early."""
    field: str | None
    """The field that could not be read, where there is but one."""
    expected: tuple[str, ...]
    """What could have stood there; empty where the number should have ended."""


@dataclass(frozen=True)
class Completion:
    """How a beginning can go on."""

    forced: str
    """What must follow, whatever number it becomes."""
    is_number: bool
    """Whether beginning and forced part are a number."""
    expected: tuple[str, ...]
    """What can follow then."""
    example: str | None
    """The smallest of the shortest numbers that begin so."""


@dataclass(frozen=True)
class RuleReport:
    """What checking a rule text found."""

    sound: bool
    """Whether all proofs of all rules held."""
    text: str = field(repr=False)
    """The report for people, with a counterexample for each proof that failed."""
    report: Mapping[str, Any] = field(repr=False)
    """The same for programs."""

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<pre>{_html.cell(self.text)}</pre>"


class Rule:
    """A numbering rule, proven sound before its first number."""

    def __init__(self, text: str) -> None:
        """Compile the rule ``text``; raises ``InvalidInput`` with place or counterexample."""
        self._native = _native.Rule(text)

    @classmethod
    def shipped(cls, name: str) -> Rule:
        """The rule that is shipped under ``name``, such as ``DA-T-22-件``; raises ``NotFound``."""
        rule = cls.__new__(cls)
        rule._native = _native.Rule.shipped(name)
        return rule

    @property
    def name(self) -> str:
        """The rule's name and version."""
        return self._native.name()

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields, in the order of the text."""
        return tuple(self._native.field_names())

    @property
    def capacity(self) -> tuple[int | None, int | None]:
        """How many numbers one counter gives, and how many numbers there are; ``None``: no counter, or more
        than 2**64."""
        return self._native.capacity()

    @property
    def example(self) -> str | None:
        """The smallest of the shortest numbers."""
        return self._native.example()

    def parse(self, number: str) -> dict[str, str]:
        """Take a number apart into its fields; raises ``InvalidInput`` saying where it fails."""
        return self._native.parse(number)

    def canonical(self, number: str) -> str | None:
        """The number as it must be written; ``None`` for what is no number, also under the rule's aliases."""
        return self._native.canonical(number)

    def explain(self, text: str) -> Explanation | None:
        """Where ``text`` fails and what was expected there; ``None`` for a number."""
        answer = self._native.explain(text)
        if answer is None:
            return None
        explanation = json.loads(answer)
        at = explanation["at"]
        return Explanation(
            message=explanation["message"],
            character=at["character"],
            found=at["found"],
            field=at["field"],
            expected=_expected(at["expected"]),
        )

    def complete(self, beginning: str) -> Completion:
        """What can follow ``beginning``; raises ``InvalidInput`` where no number begins so."""
        answer = json.loads(self._native.complete(beginning))
        return Completion(
            forced=answer["forced"],
            is_number=answer["is_number"],
            expected=_expected(answer["next"]),
            example=answer["example"],
        )

    def next(self, last: int | None = None) -> int:
        """The number after ``last`` in a counter, or the first; raises ``Refused`` where it is full."""
        return self._native.next(last)

    def format(
        self,
        values: Mapping[str, str | int | datetime.date] | None = None,
        *,
        dates: Mapping[str, datetime.date] | None = None,
        **fields: str | int | datetime.date,
    ) -> str:
        """The number of the given values, by field name. ``dates`` sets the fields that are taken from the
        record's dates. Check characters are computed, not given. Raises ``InvalidInput`` or ``NotFound``."""
        return self._native.format({**(values or {}), **fields}, dict(dates or {}))

    def parse_column(self, numbers: Any) -> _native.Table:
        """Take a column of numbers apart.

        ``numbers`` is a text column with the Arrow PyCapsule interface: a pyarrow array, a polars or pandas
        series. The table has a text column a field, ``number`` with the canonical writing, and ``error``,
        which is null where the row is a number. Rows that are null stay null.
        """
        return self._native.parse_column(numbers)

    def format_table(self, table: Any, *, errors: Literal["raise", "null"] = "raise") -> _native.Column:
        """Make a number of each row of ``table``, whose columns are named after the rule's fields.

        Columns are texts, whole numbers or dates, from anything with the Arrow PyCapsule interface. A row
        that makes no number raises ``InvalidInput`` naming it, or gives null with ``errors="null"``.
        """
        if errors not in ("raise", "null"):
            raise ValueError(f'errors is {errors!r}: give "raise" or "null"')
        return self._native.format_table(table, errors == "null")

    def __repr__(self) -> str:
        return f"Rule({self.name!r})"


def check_rule(text: str, *, source: str = "rule text") -> RuleReport:
    """Check a rule text and report every proof; ``source`` names it in the report."""
    sound, report, people = _native.check_rule(source, text)
    return RuleReport(sound=sound, text=people, report=json.loads(report))


def format_rule(text: str) -> str:
    """Lay a rule text out; raises ``InvalidInput`` where it is no rule."""
    return _native.format_rule(text)


def shipped_rules() -> dict[str, str]:
    """The texts of the shipped rules, by what they number."""
    return {title: text for _, title, text in _native.shipped_rules()}


def check_identifier(kind: IdentifierKind, text: str) -> str:
    """The canonical writing of an identifier with its check characters; raises ``InvalidInput`` saying where
    it fails."""
    canonical, wrong = _native.check_identifier(kind, text)
    if canonical is None:
        raise _native.InvalidInput(f"{kind}: {wrong}")
    return canonical


def _expected(parts: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(part["characters"] for part in parts)
