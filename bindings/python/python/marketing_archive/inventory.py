"""Where boxes are, inferred from noisy reads of their tags."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping

from . import _given, _html, _native
from ._answers import Answers


@dataclass(frozen=True)
class Inventory:
    """An answer for each box, and what does not fit."""

    boxes: _native.Table = field(repr=False)
    """One row a box, in the order given: ``number``, ``slot``, ``answer`` (``present``, ``elsewhere``, ``missing``,
    ``unverified``), ``bank`` and ``aisle`` where elsewhere, the probabilities ``present``, ``elsewhere`` and
    ``missing``, ``doubt`` where unverified, and ``seen`` and ``missed`` for the next inventory."""
    findings: Answers
    """Tags in two places, deaf readers, reads of unknown antennas, and the like."""

    def counts(self) -> dict[str, int]:
        """How many boxes have each answer."""
        counts = dict.fromkeys(("present", "elsewhere", "missing", "unverified"), 0)
        for answer in self.boxes.texts("answer", 0, len(self.boxes)):
            counts[str(answer)] += 1
        return counts

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.boxes.__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        return _html.table(("answer", "boxes"), self.counts().items(), f"{len(self.findings)} findings")


def infer_inventory(
    boxes: Any,
    visits: Any,
    reads: Any,
    *,
    slots: Iterable[str],
    antennas: Mapping[str, Mapping[int, int]] | None = None,
    model: Mapping[str, Any] | None = None,
) -> Inventory:
    """Say of each box how probably it stands where it should, from what readers heard on visits of aisles.

    Not reading a tag proves little: dense shelves hide some for many rounds. What earlier inventories heard of a
    tag (``seen``, ``missed``) tells a silent tag from a missing box.

    Args:
        boxes: a table of ``number``, ``tag`` (24 hexadecimal digits), ``slot``, and, where known, ``seen`` and
            ``missed``: in how many visits its tag was read, and in how many not.
        visits: a table of ``visit`` (any name), ``bank``, ``aisle`` (from 0), ``begun_ms``, ``lasted_ms`` (whole
            milliseconds), and, where known, ``lost``: how many reads the reader lost.
        reads: a table of ``visit``, ``tag``, ``antenna`` and, where known, ``rssi`` (whole dBm).
        slots: the addresses of all slots of the banks, which say where aisles are.
        antennas: for a bank the aisle that each antenna looks into; by default antenna n looks into aisle n - 1.
        model: what of the reference model is other: ``rates``, ``stray``, ``strength``, ``limits``, ...

    Raises:
        InvalidInput: naming table, row and column where a value is none, and the aisle where ``slots`` have none
            that was visited.
    """
    ports = [(bank, _ports(bank, looks)) for bank, looks in _given.named("antennas", antennas or {}).items()]
    table, findings = _native.infer_inventory(
        _given.texts("slots", slots),
        boxes,
        visits,
        reads,
        _given.json_of("antennas", ports),
        _given.json_of("model", _given.named("model", model or {})),
    )
    return Inventory(table, Answers(json.loads(findings)))


def _ports(bank: str, looks: Any) -> list[tuple[int, int]]:
    name = f'antennas["{bank}"]'
    ports = _given.named(name, looks)
    return sorted((_given.whole(name, port), _given.whole(name, aisle)) for port, aisle in ports.items())
