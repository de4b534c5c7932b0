"""Early warning: what comparisons find becomes alerts, from the day they are seen to the day they are settled."""

from __future__ import annotations

import datetime
import json
import os
from typing import Any, Iterable, Literal, Mapping

from . import _native
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
        today: datetime.date | None = None,
        gone: Literal["unknown", "system", "paper"] = "unknown",
        orders: Iterable[Mapping[str, str]] = (),
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
        waiting = json.dumps([{**order, "opened": str(order["opened"])} for order in orders])
        day = today or datetime.date.today()
        return answers(_native.observe_alerts(self._path, findings, rules, waiting, gone, day))

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
        day: datetime.date | None = None,
    ) -> Answer:
        """Say what was done about an alert; gives it as it stands then. Raises ``NotFound``, and ``Conflict``
        where it is settled or looked after by somebody else."""
        done = _native.act_on_alert(self._path, id, action, by, day or datetime.date.today())
        return Answer(json.loads(done))
