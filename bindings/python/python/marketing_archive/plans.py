"""Plans for a room: pure functions, values in, values out."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import dataclass
from typing import Any, Iterable, Literal, Mapping, NamedTuple

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


class Stop(NamedTuple):
    """One aisle on a round; times are seconds after its beginning."""

    bank: str
    aisle: int
    enter: float
    leave: float


@dataclass(frozen=True)
class Round:
    """Aisles in the order in which to visit them."""

    stops: tuple[Stop, ...]
    time: float
    """How long the round takes, in seconds."""
    bound: float
    """No round is shorter."""

    def _repr_html_(self) -> str:
        note = f"{self.time:.0f} s, proven not below {self.bound:.0f} s"
        return _html.table(("bank", "aisle", "enter", "leave"), self.stops, note)


@dataclass(frozen=True)
class Bank:
    """A bank, how its carriages move, and the aisle that stands open."""

    name: str
    width: float
    """The seconds that one carriage takes to move by the width of an aisle."""
    drive: Literal["together", "one-at-a-time"] = "together"
    open: int | None = None


def plan_round(banks: Iterable[Bank], visits: Iterable[tuple[str, int, float]], *, way: float = 0.0) -> Round:
    """The shortest round that makes all ``visits`` (bank, aisle, seconds of stay), or one with a proven gap.

    ``way`` is how many seconds a person walks from one bank to another. Raises ``NotFound`` for a bank that is
    not among ``banks``.
    """
    starts = [
        {
            "name": bank.name,
            "opening": {"drive": bank.drive, "width": _duration(bank.width)},
            "open": bank.open,
        }
        for bank in banks
    ]
    stays = [{"bank": bank, "aisle": aisle, "stay": _duration(stay)} for bank, aisle, stay in visits]
    answer = json.loads(_native.plan_round(json.dumps(starts), json.dumps(stays), datetime.timedelta(seconds=way)))
    return Round(tuple(Stop(*stop) for stop in answer["stops"]), answer["time"], answer["bound"])


@dataclass(frozen=True)
class AisleRisk:
    """How probably things have gone wrong in an aisle since it was last checked."""

    bank: str
    aisle: int
    days: float
    """Days since it was last checked."""
    boxes: int
    accesses: int
    """How often a box was taken or put back since then."""
    lasts: float
    """How many seconds checking it takes."""
    harm: float = 1.0
    """What an error does there, beside errors elsewhere."""


@dataclass(frozen=True)
class CycleCount:
    """Which aisles to check."""

    places: tuple[tuple[str, int], ...]
    """Bank and aisle of each: those that are overdue, then the others."""
    overdue_left: tuple[tuple[str, int], ...]
    """Aisles that are overdue and for which the time does not suffice."""
    lasts: float
    """How many seconds it takes."""
    found: float
    """The errors that it will find, on average, times their harm."""
    at_most: float
    """No choice that checks the same overdue aisles finds more than this."""

    def _repr_html_(self) -> str:
        note = f"{self.lasts:.0f} s, {self.found:.2f} errors expected, at most {self.at_most:.2f} possible"
        return _html.table(("bank", "aisle"), self.places, note)


def plan_cycle_count(
    aisles: Iterable[AisleRisk],
    *,
    time: float,
    astray_an_access: float = 0.005,
    astray_a_day: float = 1e-5,
    overdue: float = 365.0,
) -> CycleCount:
    """Choose the aisles whose check, within ``time`` seconds, finds the most errors, weighed by their harm.

    ``astray_an_access`` and ``astray_a_day`` are the probabilities that an access, or a day, leaves a box in a
    wrong place; aisles unchecked for more than ``overdue`` days come first. Raises ``InvalidInput`` for numbers
    that are none.
    """
    risks = [
        {
            "place": {"bank": aisle.bank, "aisle": aisle.aisle},
            "days": aisle.days,
            "boxes": aisle.boxes,
            "accesses": aisle.accesses,
            "harm": aisle.harm,
            "lasts": _duration(aisle.lasts),
        }
        for aisle in aisles
    ]
    rule = {"astray_an_access": astray_an_access, "astray_a_day": astray_a_day, "overdue": overdue}
    answer = json.loads(
        _native.plan_cycle_count(json.dumps(risks), json.dumps(rule), datetime.timedelta(seconds=time))
    )

    def places(name: str) -> tuple[tuple[str, int], ...]:
        return tuple((place["bank"], place["aisle"]) for place in answer[name])

    return CycleCount(
        places("places"), places("overdue_left"), answer["lasts"], answer["found"], answer["at_most"]
    )


@dataclass(frozen=True, kw_only=True)
class BoxProfile:
    """What matters of a box when its slot is chosen."""

    number: str
    fonds: str
    year: int
    retention: Literal["Y", "D30", "D10"]
    organisation: str
    process: str
    spine: int
    """The thickness of its spine in millimetres."""
    mass: int
    """Its mass in grams when it is full."""
    customer: str | None = None
    """Where all its files are of one customer."""
    site: str | None = None
    """The site at which it must stand; any by default."""
    monthly_retrievals: float = 0.0
    """How often it will be fetched a month."""

    def _form(self) -> dict[str, Any]:
        key = {name: getattr(self, name) for name in ("fonds", "year", "retention", "organisation")}
        names = ("number", "process", "customer", "spine", "mass", "site", "monthly_retrievals")
        return {"key": key, "custody": "central-paper", **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True)
class SlotChoice:
    """A slot that takes the box, and what it costs."""

    slot: str
    costs: Mapping[str, float]
    """Seconds of opening time a month by cause: ``opening``, ``room_for_others``, ``series``, ``growth``,
    ``balance``, ``disposal``. Less is better, and a negative cost is a gain."""

    @property
    def total(self) -> float:
        """The sum of the costs."""
        return sum(self.costs.values())


@dataclass(frozen=True)
class SlotProposal:
    """The slot proposed for a box, those that come next, and why not the others."""

    number: str
    best: SlotChoice
    runners_up: tuple[SlotChoice, ...]
    ruled_out: Mapping[str, int]
    """How many slots each hard rule ruled out."""
    possible: int
    """How many slots the box could stand in."""
    policy: str
    """The name and version of the policy that decided."""

    def _repr_html_(self) -> str:
        rows = [(choice.slot, choice.total) for choice in (self.best, *self.runners_up)]
        return _html.table(("slot", "seconds a month"), rows, f"{self.possible} slots possible, by {self.policy}")


def propose_slot(
    box: BoxProfile,
    slots: Mapping[str, int],
    standing: Iterable[tuple[BoxProfile, str]] = (),
    *,
    runners_up: int = 3,
    policy: str | os.PathLike[str] | None = None,
) -> SlotProposal:
    """The slot for ``box`` that costs the least opening time, among those that no hard rule forbids.

    ``slots`` has the width in millimetres of every slot by address, ``standing`` the boxes that have one, and
    ``policy`` is a TOML file, the shipped one by default. Raises ``Conflict`` where no slot takes the box, counting
    why, and ``InvalidInput`` for a box that is none.
    """
    answer = json.loads(
        _native.propose_slot(
            json.dumps([{"address": address, "width": width} for address, width in slots.items()]),
            json.dumps([(other._form(), slot) for other, slot in standing]),
            json.dumps(box._form()),
            runners_up,
            policy,
        )
    )
    best, *others = (SlotChoice(c["slot"], c["costs"]) for c in (answer["best"], *answer["runners_up"]))
    version = answer["policy"]
    return SlotProposal(
        answer["number"],
        best,
        tuple(others),
        answer["ruled_out"],
        answer["possible"],
        f"{version['name']} {version['version']}",
    )


def _duration(seconds: float) -> dict[str, Any]:
    whole, part = divmod(round(seconds * 1e9), 1_000_000_000)
    return {"secs": whole, "nanos": part}
