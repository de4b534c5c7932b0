"""Custody of files: how complete they are, disposal, consignments, and the evidence log."""

from __future__ import annotations

import datetime
import json
from typing import Iterable

from . import _given
from ._answers import Answer, Answers, answers
from ._opened import Opened


class Custody(Opened):
    """What an ``Archive`` does with files that are there."""

    def completeness(self, reference: str) -> Answer:
        """How complete the file ``reference`` is today, under the policy in force: ``verdict``, and each paper
        that is missing, deferred or to be looked at."""
        return Answer(json.loads(self._open.completeness(reference)))

    def completeness_matrix(self) -> Answer:
        """How complete all live files are: ``rows``, one a process with ``cells`` for its papers, and
        ``figures`` over all."""
        return Answer(json.loads(self._open.completeness_matrix()))

    def reminders(self, since: _given.Day) -> Answers:
        """Whom to remind of which deferred papers, for every day after ``since`` up to today."""
        return answers(self._open.reminders(_given.day("since", since)))

    def due_for_disposal(self, today: _given.Day | None = None) -> Answers:
        """The live files whose time of keeping is over: ``reference``, ``until``, and ``held_back`` where a
        hold or a loan forbids to dispose of them now."""
        day = datetime.date.today() if today is None else _given.day("today", today)
        return answers(self._open.due_for_disposal(day))

    def holds(self) -> Answers:
        """The legal holds that stand, each with its ``references``."""
        return answers(self._open.holds())

    def hold(self, reference: str, *, reason: str, by: str, role: str) -> None:
        """Keep a file from disposal until the hold is lifted; again changes nothing. Raises ``Denied`` where
        the policy does not let ``role`` do it."""
        self._open.hold(reference, reason, by, role)

    def lift_hold(self, reference: str, *, by: str, role: str) -> None:
        """Lift the hold on a file; again changes nothing. Raises ``Denied`` as ``hold`` does."""
        self._open.lift_hold(reference, by, role)

    def propose_disposal(self, references: Iterable[str], *, key: str, person: str, role: str) -> Answer:
        """Propose files for disposal as the list ``key``; the same list again changes nothing. Raises
        ``Conflict`` where a file is not due, is held or on loan, and ``Denied`` where ``role`` may not."""
        return Answer(json.loads(self._open.propose_disposal(key, _given.texts("references", references), person, role)))

    def approve_disposal(self, key: str, *, person: str, role: str) -> Answer:
        """Agree to the list ``key``. Raises ``Denied`` for whoever proposed it and for a role that may not."""
        return Answer(json.loads(self._open.approve_disposal(key, person, role)))

    def reject_disposal(self, key: str, *, person: str, role: str, reason: str) -> Answer:
        """Say no to the list ``key``, which ends it; its files may be proposed again. Raises ``Denied`` for a role
        that may not approve and ``Conflict`` where it was carried out."""
        return Answer(json.loads(self._open.reject_disposal(key, person, role, reason)))

    def carry_out_disposal(self, key: str) -> Answer:
        """Destroy what the list ``key`` names; numbers stay in the catalogue as void. After a crash the same
        call goes on. Raises ``Denied`` where approvals are missing, and ``Conflict`` where a file is held or on
        loan: then nothing is destroyed."""
        return Answer(json.loads(self._open.carry_out_disposal(key)))

    def disposal_list(self, key: str) -> Answer:
        """The disposal list ``key`` as it stands: ``proposal``, ``approvals`` and ``state``; raises
        ``NotFound``."""
        return Answer(json.loads(self._open.disposal_list(key)))

    def close_file(self, reference: str, *, by: str, reason: str) -> Answer:
        """Close a file: it takes no more documents. Returns who closed it when; again changes nothing."""
        return Answer(json.loads(self._open.close_file(reference, by, reason)))

    def late_files(self, reference: str) -> Answers:
        """The files of late documents that joined a file, the oldest first."""
        return answers(self._open.late_files(reference))

    def way_to(self, slot: str) -> Answer:
        """The way to a slot: its ``aisle``, the columns ``left`` and ``right`` of that, and ``words``. Raises
        ``NotFound`` for a slot that is not in the catalogue."""
        way, words = self._open.way_to(slot)
        return Answer(json.loads(way) | {"words": words})

    def send(self, boxes: Iterable[str], *, key: str, to: str) -> Answer:
        """Send boxes to the site ``to`` as the consignment ``key``: a slot there is kept for each. The same
        consignment again changes nothing. Raises ``Conflict`` where there is too little room; then no box is
        sent."""
        return Answer(json.loads(self._open.send(key, _given.texts("boxes", boxes), to)))

    def receive(self, key: str, *, boxes: Iterable[str]) -> Answer:
        """Record that boxes of the consignment ``key`` arrived; the others stay on their way."""
        return Answer(json.loads(self._open.receive(key, _given.texts("boxes", boxes))))

    def recall(self, key: str) -> Answer:
        """Recall the consignment ``key``: boxes on their way stay where they were, and those that arrived are
        sent back, each with a receipt of its own."""
        return Answer(json.loads(self._open.recall(key)))

    def consignment(self, key: str) -> Answer:
        """Where the boxes of a consignment are: ``under_way``, ``arrived``, and after a recall ``coming_back``
        and ``back``; raises ``NotFound``."""
        return Answer(json.loads(self._open.consignment(key)))

    def history(self, reference: str) -> Answers:
        """What the evidence log says of a file, the oldest first: ``position`` and ``event``."""
        return answers(self._open.history(reference))

    def checkpoint(self) -> str:
        """The state of the whole evidence log as a text of three lines, to be kept elsewhere."""
        return self._open.checkpoint()

    def verify(self, *checkpoints: str) -> Answer:
        """Check the evidence log from end to end and against ``checkpoints`` that were kept elsewhere:
        ``breaks`` has what was found, ``agreed`` and ``disputed`` are the checkpoints around the first change."""
        return Answer(json.loads(self._open.verify(_given.texts("checkpoints", checkpoints))))
