"""Plans for a room: pure functions, values in, values out."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import dataclass
from typing import Any, Iterable, Literal, Mapping, NamedTuple

from . import _given, _html, _native


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
    boxes = []
    for number, place in _given.named("standing", standing).items():
        name = f'standing["{number}"]'
        slot, spine = _given.tupled(name, place, "slot, spine")
        boxes.append({"number": number, "slot": slot, "spine": _given.whole(name, spine)})
    answer = json.loads(
        _native.plan_relocation(
            _slots(slots), _given.json_of("standing", boxes), json.dumps(wanted_slots(wanted))
        )
    )
    moves = tuple(Move(move["number"], move["from"], move["to"]) for move in answer["moves"])
    return Relocation(moves=moves, closed_cycles=answer["closed_cycles"], openings=answer["openings"])


def wanted_slots(wanted: Any) -> list[tuple[str, str]]:
    """The slot that each box shall have, of a mapping or of pairs."""
    pairs = wanted.items() if isinstance(wanted, Mapping) else _given.listed("wanted", wanted)
    found = []
    for at, pair in enumerate(pairs):
        number, slot = _given.tupled(f"wanted[{at}]", pair, "box, slot")
        found.append((_given.text(f"wanted[{at}]", number), _given.text(f"wanted[{at}]", slot)))
    return found


def _slots(slots: Any) -> str:
    widths = _given.named("slots", slots).items()
    return _given.json_of(
        "slots",
        [{"address": address, "width": _given.whole(f'slots["{address}"]', width)} for address, width in widths],
    )


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
            "opening": {"drive": bank.drive, "width": _duration(f"banks[{at}].width", bank.width)},
            "open": None if bank.open is None else _given.whole(f"banks[{at}].open", bank.open),
        }
        for at, bank in enumerate(_given.listed("banks", banks))
    ]
    stays = []
    for at, visit in enumerate(_given.listed("visits", visits)):
        bank, aisle, stay = _given.tupled(f"visits[{at}]", visit, "bank, aisle, seconds of stay")
        aisle = _given.whole(f"visits[{at}], the aisle", aisle)
        stays.append({"bank": bank, "aisle": aisle, "stay": _duration(f"visits[{at}], the stay", stay)})
    walk = datetime.timedelta(seconds=_given.seconds("way", way))
    answer = json.loads(
        _native.plan_round(_given.json_of("banks", starts), _given.json_of("visits", stays), walk)
    )
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

    def _form(self, name: str) -> dict[str, Any]:
        return {
            "place": {"bank": self.bank, "aisle": _given.whole(f"{name}.aisle", self.aisle)},
            "days": _given.number(f"{name}.days", self.days),
            "boxes": _given.whole(f"{name}.boxes", self.boxes),
            "accesses": _given.whole(f"{name}.accesses", self.accesses),
            "harm": _given.number(f"{name}.harm", self.harm),
            "lasts": _duration(f"{name}.lasts", self.lasts),
        }


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
    risks = [aisle._form(f"aisles[{at}]") for at, aisle in enumerate(_given.listed("aisles", aisles))]
    rule = {
        "astray_an_access": _given.number("astray_an_access", astray_an_access),
        "astray_a_day": _given.number("astray_a_day", astray_a_day),
        "overdue": _given.number("overdue", overdue),
    }
    limit = datetime.timedelta(seconds=_given.seconds("time", time))
    answer = json.loads(_native.plan_cycle_count(_given.json_of("aisles", risks), json.dumps(rule), limit))

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

    def _form(self, name: str) -> dict[str, Any]:
        year = _given.whole(f"{name}.year", self.year)
        names = ("number", "process", "customer", "site")
        return {
            "key": {"fonds": self.fonds, "year": year, "retention": self.retention, "organisation": self.organisation},
            "custody": "central-paper",
            **{other: getattr(self, other) for other in names},
            "spine": _given.whole(f"{name}.spine", self.spine),
            "mass": _given.whole(f"{name}.mass", self.mass),
            "monthly_retrievals": _given.number(f"{name}.monthly_retrievals", self.monthly_retrievals),
        }


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
    held = []
    for at, pair in enumerate(_given.listed("standing", standing)):
        other, slot = _given.tupled(f"standing[{at}]", pair, "box, slot")
        held.append((other._form(f"standing[{at}]"), slot))
    answer = json.loads(
        _native.propose_slot(
            _slots(slots),
            _given.json_of("standing", held),
            _given.json_of("box", box._form("box")),
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


def _duration(name: str, seconds: float) -> dict[str, Any]:
    whole, part = divmod(round(_given.seconds(name, seconds) * 1e9), 1_000_000_000)
    return {"secs": whole, "nanos": part}
