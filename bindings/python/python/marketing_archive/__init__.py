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
from .plans import Move, Relocation, plan_relocation
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
from .spark import reconcile_spark
from .tables import Reconciliation, reconcile

__all__ = [
    "Answer",
    "Answers",
    "Archive",
    "ArchiveError",
    "Column",
    "Completion",
    "Conflict",
    "Corrupt",
    "Denied",
    "Difference",
    "Evidence",
    "Explanation",
    "FieldReading",
    "Internal",
    "InvalidInput",
    "Move",
    "NotFound",
    "OutcomeUnknown",
    "Reader",
    "Reading",
    "Reconciliation",
    "Refused",
    "Region",
    "Relocation",
    "Rule",
    "RuleReport",
    "Table",
    "Unavailable",
    "Unsupported",
    "check_identifier",
    "check_rule",
    "format_rule",
    "plan_relocation",
    "reconcile",
    "reconcile_spark",
    "setup",
    "shipped_rules",
    "write_samples",
]
