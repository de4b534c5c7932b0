"""The room of an archive: which slot, which round, which moves, and what readers saw."""

from __future__ import annotations

import datetime
import json
from typing import Iterable, Literal, Mapping

from . import _given, _native
from ._answers import Answer, Answers, answers
from ._opened import Opened
from .plans import wanted_slots


class Room(Opened):
    """What an ``Archive`` does on its shelves."""

    def propose_slot(self, number: str, *, runners_up: int = 3) -> Answer:
        """The ``best`` slot for a box that is there, the ``runners_up``, and how many were ``ruled_out`` by what.
        Nothing is changed. Raises ``Conflict`` where no slot takes it."""
        return Answer(json.loads(_native.propose_slot_of(self._open, number, None, runners_up)))

    def propose_slot_for_new(
        self,
        *,
        process: str,
        customer_class: Literal["residential", "business"],
        year: int,
        spine: int,
        customer: str | None = None,
        site: str | None = None,
        runners_up: int = 3,
    ) -> Answer:
        """The best slot for a box that is not made yet; ``spine`` is its thickness in millimetres. Raises
        ``Unsupported`` where the policy keeps such papers electronically."""
        wanted = {
            "process": process,
            "class": customer_class,
            "year": _given.whole("year", year),
            "customer": customer,
            "spine": _given.whole("spine", spine),
            "site": site,
        }
        new_box = _given.json_of("the box", wanted)
        return Answer(json.loads(_native.propose_slot_of(self._open, None, new_box, runners_up)))

    def advise_slots(self, *, most: int = 20, least: float = 0.0) -> Answer:
        """调位: which boxes to move one by one, ``most`` at most, each saving at least ``least`` seconds of
        opening time a month. Nothing is changed."""
        return Answer(json.loads(_native.advise_slots(self._open, most, _given.number("least", least, least=None))))

    def space(self, *, months: int = 24) -> Answer:
        """库容预测: when each site will be full, looking ``months`` ahead."""
        return Answer(json.loads(_native.space(self._open, months)))

    def block_column(self, bank: str, column: str, *, reason: Literal["locked", "faulty"] | None) -> None:
        """Put nothing on a column that is locked or faulty; ``None`` frees it."""
        _native.block_column(self._open, bank, column, reason)

    def blocked_columns(self) -> Answers:
        """The columns on which nothing is put."""
        return answers(_native.blocked_columns(self._open))

    def plan_retrieval(
        self,
        names: Iterable[str],
        *,
        stay: datetime.timedelta = datetime.timedelta(seconds=30),
        way: datetime.timedelta = datetime.timedelta(seconds=20),
    ) -> Answer:
        """The shortest round to fetch what ``names`` name, each box once. ``stay`` is the time to take a box out,
        ``way`` that to walk from one bank to another."""
        wanted = _given.texts("names", names)
        return Answer(json.loads(_native.plan_walk(self._open, wanted, _given.span("stay", stay), _given.span("way", way))))

    def plan_inventory_walk(
        self,
        *,
        stay: datetime.timedelta = datetime.timedelta(seconds=30),
        way: datetime.timedelta = datetime.timedelta(seconds=20),
    ) -> Answer:
        """The shortest round through all aisles with boxes; ``stay`` is the time to read an aisle."""
        return Answer(json.loads(_native.plan_walk(self._open, None, _given.span("stay", stay), _given.span("way", way))))

    def plan_relocation(
        self, wanted: Mapping[str, str] | Iterable[tuple[str, str]], *, key: str
    ) -> Answer:
        """Plan the fewest moves that bring each box of ``wanted`` to its slot, in stages, and keep the plan
        under ``key``. Raises ``Conflict`` where that cannot be."""
        return Answer(json.loads(_native.plan_moves(self._open, key, wanted_slots(wanted))))

    def relocation(self, key: str) -> Answer:
        """How far the plan ``key`` is: ``moves`` with their stages, and what is received."""
        return Answer(json.loads(_native.relocation(self._open, key)))

    def relocations(self) -> list[str]:
        """The keys of all plans."""
        return _native.relocations(self._open)

    def carry_out_relocation(self, key: str, *, most: int = 1_000_000) -> Answer:
        """Carry out up to ``most`` moves of the plan ``key`` with the shelf's devices: ``received`` boxes, and why
        it ``stopped``. Call it again to go on, also after a crash."""
        return Answer(json.loads(_native.carry_out_relocation(self._open, key, most)))

    def receive_relocated(self, key: str, number: str, *, tag: str | None = None) -> Answer:
        """Record that a person put a box where the plan ``key`` wants it; ``tag`` is what was read there."""
        return Answer(json.loads(_native.receive_relocated(self._open, key, number, tag)))

    def undo_relocation(self, key: str) -> Answer:
        """Undo the plan ``key``: what was moved is to go back, each box with a receipt of its own."""
        return Answer(json.loads(_native.undo_relocation(self._open, key)))

    def synchronise(self) -> Answer:
        """Take stock, and let the catalogue follow what was seen: ``changes``, each of which ``undo_sync`` takes
        back, and ``findings`` that a person must decide."""
        return Answer(json.loads(_native.synchronise(self._open)))

    def accept_inventory(self, key: str, *, boxes: Iterable[str] = ()) -> Answer:
        """Accept what the inventory ``key`` found, of all boxes or of those named."""
        return Answer(json.loads(_native.accept_inventory(self._open, key, _given.texts("boxes", boxes))))

    def sync_changes(self) -> Answers:
        """The changes that followed from what was seen, the oldest first."""
        return answers(_native.sync_changes(self._open))

    def undo_sync(self, id: str) -> Answer:
        """Take the change ``id`` back; again changes nothing. Raises ``Conflict`` where its slot was taken since."""
        return Answer(json.loads(_native.undo_sync(self._open, id)))

    def reboxing_proposals(self, *, least_saving: int = 20) -> Answers:
        """Which boxes to put together so that at least ``least_saving`` millimetres of shelf are saved."""
        return answers(_native.reboxing_proposals(self._open, least_saving))
