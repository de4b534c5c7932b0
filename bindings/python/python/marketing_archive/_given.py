"""What callers give, looked at before it goes on: an error names the argument, the value, and what is wanted.

A value of a type that no call takes is a ``TypeError``; one that is merely wrong is an ``InvalidInput``.
"""

from __future__ import annotations

import datetime
import json
import math
import numbers
import os
import re
from typing import Any, Iterable, Mapping, Sequence

from ._native import InvalidInput

Path = str | os.PathLike[str]

Day = datetime.date | str
"""A day: ``datetime.date``, or a text as ``YYYY-MM-DD``."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST = 1e9
"""Seconds: thirty years, so that no sum of them overflows."""


def text(name: str, value: Any) -> str:
    """A text."""
    if isinstance(value, str):
        return value
    if _is_nothing(value):
        raise TypeError(f"{name}: is {_shown(value)}: give a text, or leave it out where it has no value")
    wanted = f'a text: "{value}"' if isinstance(value, int) and not isinstance(value, bool) else "a text"
    raise TypeError(f"{name}: is {_shown(value)}: give {wanted}")


def texts(name: str, values: Any) -> list[str]:
    """A list of texts; one text is none, since its letters would be taken for texts."""
    return [text(f"{name}[{at}]", value) for at, value in enumerate(listed(name, values))]


def texts_by_name(name: str, values: Mapping[str, str]) -> dict[str, str]:
    """Texts, each by a name."""
    return {text(f"{name}, a key", key): text(f'{name}["{key}"]', value) for key, value in named(name, values).items()}


def paths(name: str, values: Any) -> list[Path]:
    """A list of paths."""
    return [path(f"{name}[{at}]", value) for at, value in enumerate(listed(name, values))]


def path(name: str, value: Any) -> Path:
    """A path."""
    if isinstance(value, (str, os.PathLike)):
        return value
    raise TypeError(f"{name}: is {_shown(value)}: give a path")


def listed(name: str, values: Any) -> list[Any]:
    """A list of whatever, but none of letters, bytes or keys."""
    if not isinstance(values, (str, bytes, bytearray, os.PathLike, Mapping)) and isinstance(values, Iterable):
        return list(values)
    raise TypeError(f"{name}: is {_shown(values)}: give a list, also of one")


def named(name: str, values: Any) -> dict[Any, Any]:
    """A mapping of whatever."""
    if isinstance(values, Mapping):
        return dict(values)
    raise TypeError(f"{name}: is {_shown(values)}: give a mapping, such as a dict")


def tupled(name: str, value: Any, parts: str) -> Sequence[Any]:
    """A tuple of the ``parts`` that are named, with commas between them."""
    if isinstance(value, (tuple, list)) and len(value) == parts.count(",") + 1:
        return value
    raise TypeError(f"{name}: is {_shown(value)}: give ({parts})")


def day(name: str, value: Any) -> datetime.date:
    """A day, of a ``datetime.date``, a ``datetime.datetime`` or a text."""
    wanted = "write it as YYYY-MM-DD, or give a datetime.date"
    if isinstance(value, str):
        try:
            if _DAY.fullmatch(value):
                return datetime.date.fromisoformat(value)
        except ValueError:
            pass
        raise InvalidInput(f"{name}: is {_shown(value)}, which is no day: {wanted}")
    if isinstance(value, datetime.date) and not _is_nothing(value):
        return value.date() if isinstance(value, datetime.datetime) else value
    raise TypeError(f"{name}: is {_shown(value)}, which is no day: {wanted}")


def moment(name: str, value: Any) -> datetime.datetime:
    """A time in UTC; one without a zone is local."""
    if isinstance(value, datetime.datetime) and not _is_nothing(value):
        return value.astimezone(datetime.timezone.utc)
    raise TypeError(f"{name}: is {_shown(value)}: give a datetime.datetime")


def whole(name: str, value: Any) -> int:
    """A whole number that is not negative, also one of NumPy."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise _no_number(name, value, "give a whole number")
    if value < 0:
        raise InvalidInput(f"{name}: is {_shown(value)}: give a whole number that is not negative")
    return int(value)


def number(name: str, value: Any, *, least: float | None = 0.0) -> float:
    """A number that is finite and at least ``least``."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise _no_number(name, value, "give a number")
    if not math.isfinite(value) or (least is not None and value < least):
        wanted = "a finite number" if least is None else f"a finite number from {least:g} on"
        raise InvalidInput(f"{name}: is {_shown(value)}: give {wanted}")
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def seconds(name: str, value: Any) -> float:
    """A time in seconds."""
    if isinstance(value, datetime.timedelta):
        value = value.total_seconds()
    found = number(name, value)
    if found > _LONGEST:
        raise InvalidInput(f"{name}: is {_shown(value)} seconds: give at most {_LONGEST:g}")
    return found


def span(name: str, value: Any) -> datetime.timedelta:
    """A span of time that is not negative."""
    if not isinstance(value, datetime.timedelta):
        raise TypeError(f"{name}: is {_shown(value)}: give a datetime.timedelta")
    if value < datetime.timedelta():
        raise InvalidInput(f"{name}: is {value}: give a time that is not negative")
    return value


def json_of(name: str, value: Any) -> str:
    """``value`` as JSON text."""
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{name}: has a value that is neither text nor finite number nor a list of them: {error}") from None


def _is_nothing(value: Any) -> bool:
    """Whether this stands for no value: pandas has NaN, which is a float, NaT, which is a datetime, and NA."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def _no_number(name: str, value: Any, wanted: str) -> Exception:
    # Among whole numbers pandas has NaN for what is missing.
    kind = InvalidInput if isinstance(value, float) else TypeError
    return kind(f"{name}: is {_shown(value)}: {wanted}")


def _shown(value: Any) -> str:
    """A value and its type, shortened."""
    if value is None:
        return "None"
    shown = " ".join(repr(value).split())
    return f"{shown if len(shown) <= 60 else shown[:60] + '…'} ({type(value).__name__})"
