"""What the facade answers: its JSON forms, which show themselves in a notebook."""

from __future__ import annotations

import json
from typing import Any

from . import _html


class Answer(dict[str, Any]):
    """What a call gave, with the keys of the facade's JSON form; shows itself in a notebook."""

    def _repr_html_(self) -> str:
        return _html.table(("", ""), self.items())


class Answers(list[Answer]):
    """Several answers of one form."""

    def _repr_html_(self) -> str:
        names = list(dict.fromkeys(name for answer in self for name in answer))
        return _html.table(names, ([answer.get(name) for name in names] for answer in self))


def answers(text: str) -> Answers:
    """The answers in a JSON array."""
    return Answers(Answer(row) for row in json.loads(text))
