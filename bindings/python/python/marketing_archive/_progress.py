"""How far a comparison is, for people: one line on standard error, rewritten in place."""

from __future__ import annotations

import sys
from typing import Callable, Optional

Progress = Callable[[str, int, Optional[int]], None]
"""Called with the stage (``left``, ``right``, ``fetch``), the rows done, and all rows where known."""

_STAGES = {"left": "reading left", "right": "reading right", "fetch": "fetching what differs"}


def teller(progress: bool | Progress) -> Progress | None:
    """What to call: nothing for ``False``, a line on standard error for ``True``."""
    if progress is True:
        return _line
    return None if progress is False else progress


def _line(stage: str, rows: int, of: int | None) -> None:
    share = f" of {of:,}" if of else ""
    print(f"\r{_STAGES[stage]:22} {rows:>12,}{share} rows ", end="", file=sys.stderr, flush=True)
