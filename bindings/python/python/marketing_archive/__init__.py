"""File, find and check the papers of electricity customers.

    import marketing_archive as ma
    archive = ma.Archive.create("holdings")

Long calls release the interpreter and end on Ctrl-C. Every exception is an ``ArchiveError``; its class says
what the caller can do. Results are frozen values that show themselves in a notebook.
"""

from __future__ import annotations

from ._native import (
    ArchiveError,
    Column,
    Conflict,
    Corrupt,
    Denied,
    Internal,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    Refused,
    Table,
    Unavailable,
    Unsupported,
)
from ._answers import Answer, Answers
from .alerts import AlertBook
from .holdings import Archive, setup, write_samples
from .inventory import Inventory, infer_inventory
from .packages import validate_package
from .pages import Difference, Evidence, FieldReading, Reader, Reading, Region
from .plans import (
    AisleRisk,
    Bank,
    BoxProfile,
    CycleCount,
    Move,
    Relocation,
    Round,
    SlotChoice,
    SlotProposal,
    Stop,
    plan_cycle_count,
    plan_relocation,
    plan_round,
    propose_slot,
)
from .rules import (
    Completion,
    Explanation,
    Rule,
    RuleReport,
    check_identifier,
    check_rule,
    format_rule,
    shipped_rules,
)
from .shelving import BankState, Controller, KitReport, Rig, Shelf
from .spark import reconcile_spark
from .tables import Reconciliation, reconcile

__all__ = [
    "AisleRisk",
    "AlertBook",
    "Answer",
    "Answers",
    "Archive",
    "ArchiveError",
    "Bank",
    "BankState",
    "BoxProfile",
    "Column",
    "Completion",
    "Conflict",
    "Controller",
    "Corrupt",
    "CycleCount",
    "Denied",
    "Difference",
    "Evidence",
    "Explanation",
    "FieldReading",
    "Internal",
    "InvalidInput",
    "Inventory",
    "KitReport",
    "Move",
    "NotFound",
    "OutcomeUnknown",
    "Reader",
    "Reading",
    "Reconciliation",
    "Refused",
    "Region",
    "Relocation",
    "Rig",
    "Round",
    "Rule",
    "RuleReport",
    "Shelf",
    "SlotChoice",
    "SlotProposal",
    "Stop",
    "Table",
    "Unavailable",
    "Unsupported",
    "check_identifier",
    "check_rule",
    "format_rule",
    "infer_inventory",
    "plan_cycle_count",
    "plan_relocation",
    "plan_round",
    "propose_slot",
    "reconcile",
    "reconcile_spark",
    "setup",
    "shipped_rules",
    "validate_package",
    "write_samples",
]
