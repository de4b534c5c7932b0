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
from .holdings import Answer, Answers, Archive, setup, write_samples
from .pages import Difference, Evidence, FieldReading, Reader, Reading, Region
from .plans import (
    AisleRisk,
    Bank,
    CycleCount,
    Move,
    Relocation,
    Round,
    Stop,
    plan_cycle_count,
    plan_relocation,
    plan_round,
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
    "Answer",
    "Answers",
    "Archive",
    "ArchiveError",
    "Bank",
    "BankState",
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
    "Stop",
    "Table",
    "Unavailable",
    "Unsupported",
    "check_identifier",
    "check_rule",
    "format_rule",
    "plan_cycle_count",
    "plan_relocation",
    "plan_round",
    "reconcile",
    "reconcile_spark",
    "setup",
    "shipped_rules",
    "write_samples",
]
