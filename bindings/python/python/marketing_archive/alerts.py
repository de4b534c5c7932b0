"""Early warning: what comparisons find becomes alerts, from the day they are seen to the day they are settled."""

from __future__ import annotations

import datetime
import json
import os
from typing import Any, Iterable, Literal, Mapping

from . import _given, _native
from ._answers import Answer, Answers, answers

_Path = str | os.PathLike[str]


class AlertBook:
    """A book of alerts in a file, which begins empty. Each call opens, changes and writes it, whole or not at
    all, and waits for whoever has it open: processes may share it."""

    def __init__(self, path: _Path) -> None:
        """The book in the file ``path``; nothing is read yet."""
        self._path = os.fspath(path)

    def observe(
        self,
        findings: Any,
        *,
        today: _given.Day | None = None,
        gone: Literal["unknown", "system", "paper"] = "unknown",
        orders: Iterable[Mapping[str, _given.Day]] = (),
        rules: _Path | None = None,
    ) -> Answers:
        """Take the findings of a comparison and give whom to tell at once.

        Args:
            findings: a ``Reconciliation``, any table of its columns, or a path.
            today: the day of the comparison.
            gone: what it means that a difference is not found any more: nothing (``unknown``), or that the
                ``system`` or the ``paper`` was mended.
            orders: change orders that are open: ``key``, ``process``, ``opened`` (a day). They keep some
                alerts waiting.
            rules: the TOML file that says who is told when; the shipped one by default.

        Raises:
            InvalidInput: where ``findings`` is no table of findings, naming column or row.
            Corrupt: where the file is no book of alerts.
        """
        waiting = [_order(f"orders[{at}]", order) for at, order in enumerate(_given.listed("orders", orders))]
        day = _today("today", today)
        return answers(
            _native.observe_alerts(self._path, findings, rules, _given.json_of("orders", waiting), gone, day)
        )

    def daily_list(self) -> Answers:
        """What somebody still has to act on and was not told at once, most severe and longest waiting first."""
        return answers(_native.list_alerts(self._path, False))

    def all(self) -> Answers:
        """All alerts, the oldest first."""
        return answers(_native.list_alerts(self._path, True))

    def act(
        self,
        id: int,
        action: Literal["acknowledge", "resolve-in-system", "resolve-in-paper", "call-false"],
        *,
        by: str,
        day: _given.Day | None = None,
    ) -> Answer:
        """Say what was done about an alert; gives it as it stands then. Raises ``NotFound``, and ``Conflict``
        where it is settled or looked after by somebody else."""
        done = _native.act_on_alert(self._path, id, action, by, _today("day", day))
        return Answer(json.loads(done))


def _today(name: str, day: _given.Day | None) -> datetime.date:
    return datetime.date.today() if day is None else _given.day(name, day)


def _order(name: str, order: Any) -> dict[str, Any]:
    given = _given.named(name, order)
    if "opened" in given:
        given["opened"] = _given.day(f'{name}["opened"]', given["opened"]).isoformat()
    return given
