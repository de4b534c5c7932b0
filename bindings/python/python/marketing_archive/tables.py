"""Two tables compared by key: files or data frames in, every difference out."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any, Iterable

from . import _given, _html, _native, _progress
from ._opened import Opened

Source = Any
"""A path to Parquet, Arrow or CSV; anything with the Arrow PyCapsule interface: a pyarrow table, a polars or pandas
data frame, a DuckDB relation; or an ``Archive``, or ``catalogue:DIRECTORY`` for one that is not open, whose table is
what its papers say: ``account_no`` and a column a field."""


@dataclass(frozen=True)
class Reconciliation:
    """What was compared and what differs."""

    left_rows: int
    right_rows: int
    missing_left: int
    """Keys that stand on the right only."""
    missing_right: int
    """Keys that stand on the left only."""
    duplicates: int
    """Keys that stand more than once on a side."""
    mismatches: int
    """Cells that differ."""
    keyless_left: int
    """Left rows without a key."""
    keyless_right: int
    """Right rows without a key."""
    fields: tuple[str, ...]
    """The columns that were compared."""
    findings: _native.Table | None = field(repr=False)
    """The key columns, then ``kind``, ``field``, ``left_value``, ``right_value``, ``severity``, ``reason``;
    ``None`` where findings were written to a file."""

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs at all."""
        return not any(
            (
                self.missing_left,
                self.missing_right,
                self.duplicates,
                self.mismatches,
                self.keyless_left,
                self.keyless_right,
            )
        )

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        if self.findings is None:
            raise _native.NotFound("findings: were written to a file: read it, or compare without out")
        return self.findings.__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        counts = _html.table(
            ("missing left", "missing right", "duplicates", "mismatches", "without a key"),
            [
                (
                    self.missing_left,
                    self.missing_right,
                    self.duplicates,
                    self.mismatches,
                    self.keyless_left + self.keyless_right,
                )
            ],
            f"{self.left_rows:,} rows against {self.right_rows:,}",
        )
        return counts if self.findings is None else counts + table_html(self.findings)


def reconcile(
    left: Source,
    right: Source,
    *,
    key: str | Iterable[str],
    schema: str | os.PathLike[str] | None = None,
    ignore: Iterable[str] = (),
    memory: int | None = None,
    group_limit: int | None = None,
    out: str | os.PathLike[str] | None = None,
    lossless: bool = False,
    progress: bool | _progress.Progress = False,
) -> Reconciliation:
    """Compare two tables row by row and give every difference.

    Args:
        left: what the archive's papers say.
        right: what the marketing system says.
        key: the column or columns that name a row.
        schema: the TOML file that says how fields are compared; the shipped one by default.
        ignore: columns that are not compared.
        memory: the bytes that fingerprints and differing rows may take; as many as needed by default.
        group_limit: the most rows of one key that are compared with each other.
        out: a ``.parquet``, ``.arrow``, ``.csv`` or ``.xlsx`` file for the findings, where no side is a table in
            memory.
        lossless: write CSV for programs instead of spreadsheets.
        progress: ``True`` for a line on standard error, or a function of stage, rows and all rows. What it
            raises cancels the comparison. Ctrl-C does too.

    Raises:
        InvalidInput: where the tables' columns do not go together, naming table and column.
        Corrupt: where a file is damaged or cut off.
    """
    keys = [key] if isinstance(key, str) else _given.texts("key", key)
    try:
        findings, summary = _native.reconcile(
            left._open if isinstance(left, Opened) else left,
            right._open if isinstance(right, Opened) else right,
            keys=keys,
            schema=schema,
            ignore=_given.texts("ignore", ignore),
            memory=memory,
            group_limit=group_limit,
            out=out,
            lossless=lossless,
            progress=_progress.teller(progress),
        )
    finally:
        if progress is True:
            print(file=sys.stderr)
    counts = json.loads(summary)
    counts.pop("passes")
    return Reconciliation(**{**counts, "fields": tuple(counts["fields"])}, findings=findings)


def table_html(table: _native.Table, limit: int = 20) -> str:
    """The first rows of a table of texts, for a notebook."""
    names = table.column_names()
    columns = [table.texts(name, 0, limit) for name in names]
    note = f"{len(table):,} rows" + (f", {limit} shown" if len(table) > limit else "")
    return _html.table(names, zip(*columns), note)
