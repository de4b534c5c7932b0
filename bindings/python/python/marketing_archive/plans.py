"""Plans for a room: pure functions, values in, values out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Iterable, Mapping, NamedTuple

from . import _html, _native


class Move(NamedTuple):
    """One box carried from one slot to another, which is empty when its turn comes."""

    number: str
    origin: str
    to: str


@dataclass(frozen=True)
class Relocation:
    """The moves of a batch, in an order in which each can be carried out."""

    moves: tuple[Move, ...]
    closed_cycles: int
    """Moves beyond one a misplaced box."""
    openings: int
    """How often an aisle is opened."""

    def _repr_html_(self) -> str:
        note = f"{len(self.moves)} moves, {self.openings} aisle openings"
        return _html.table(("box", "from", "to"), self.moves, note)


def plan_relocation(
    slots: Mapping[str, int],
    standing: Mapping[str, tuple[str, int]],
    wanted: Mapping[str, str] | Iterable[tuple[str, str]],
) -> Relocation:
    """The fewest moves that bring each box of ``wanted`` to its slot.

    Args:
        slots: the width in millimetres of every slot that may be used, by address.
        standing: for each box number its slot and the thickness of its spine in millimetres.
        wanted: the slot that each box shall have; boxes that are not named stay.

    Raises:
        InvalidInput: two boxes for one slot, a box wider than its slot, or a slot at another site.
        NotFound: an unknown box or slot.
        Conflict: a slot is taken by a box that stays, or a closed cycle has no empty slot to use.
    """
    pairs = list(wanted.items()) if isinstance(wanted, Mapping) else list(wanted)
    answer = json.loads(
        _native.plan_relocation(
            json.dumps([{"address": address, "width": width} for address, width in slots.items()]),
            json.dumps(
                [{"number": number, "slot": slot, "spine": spine} for number, (slot, spine) in standing.items()]
            ),
            json.dumps(pairs),
        )
    )
    moves = tuple(Move(move["number"], move["from"], move["to"]) for move in answer["moves"])
    return Relocation(moves=moves, closed_cycles=answer["closed_cycles"], openings=answer["openings"])
