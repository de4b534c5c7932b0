"""Pictures of results for notebooks. Every text is escaped: values come from papers and systems."""

from __future__ import annotations

import html
from typing import Any, Iterable, Mapping, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> str:
    """A table of texts; ``note`` stands below it."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{cell(value)}</td>" for value in row) + "</tr>" for row in rows)
    below = f"<p>{html.escape(note)}</p>" if note else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


def cell(value: Any) -> str:
    """A value in a cell: nested values become tables of their own."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "".join(f"<div><i>{html.escape(str(key))}</i> {cell(inner)}</div>" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return "".join(f"<div>{cell(inner)}</div>" for inner in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return html.escape(str(value))
