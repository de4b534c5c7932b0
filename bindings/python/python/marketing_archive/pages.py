"""Page images: fields read, and a record's claims verified on the image itself."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from typing import Any, Iterable, Literal, Mapping, NamedTuple

from . import _engine, _given, _html, _native

Verdict = Literal["match", "mismatch", "unreadable"]

Image = Any
"""A path, the bytes of an image file, a ``PIL.Image.Image``, or a NumPy array of ``uint8``: brightness with
the shape (height, width), or colour with (height, width, 3 or 4), red first."""

_SHOWN = 4 << 20
"""Images up to this size are shown in notebooks."""


class Region(NamedTuple):
    """A rectangle in pixels of the image: from (x0, y0) to below (x1, y1)."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class FieldReading:
    """One field as read."""

    value: str
    """In canonical form, as the marketing system exports it."""
    text: str
    """As printed."""
    confidence: float
    """The probability that the value is right, 0 to 1."""
    region: Region
    """Where it stands."""
    alternatives: tuple[str, ...]
    """Other values that it may be, best first."""


@dataclass(frozen=True)
class Difference:
    """A character of the paper that the claim has otherwise."""

    read: str | None
    """What the paper shows; ``None`` where the claim has a character more."""
    claimed: str | None
    """What the claim has; ``None`` where the paper has a character more."""
    region: Region | None
    """Where the character stands."""


@dataclass(frozen=True)
class Evidence:
    """What a page says of one claim."""

    field: str
    verdict: Verdict
    suspicion: float
    """The log-likelihood ratio against the claim, in nats: the higher, the more likely it is wrong."""
    read: str | None
    """The value as read; ``None`` where the field was not found."""
    claimed: str
    region: Region | None
    differences: tuple[Difference, ...]
    """The characters that speak against the claim."""


@dataclass(frozen=True)
class Reading:
    """What was read on a page."""

    document_type: str | None
    """The kind of paper; ``None`` where no title was recognised."""
    title: str | None
    fields: Mapping[str, FieldReading]
    width: int
    height: int
    seconds: float
    """The time that reading took."""
    _native: _native.Reading = field(repr=False, compare=False)
    _shown: _Shown = field(repr=False, compare=False)

    def verify(self, record: Mapping[str, str]) -> list[Evidence]:
        """Verify each claim of ``record`` (field name to value) on the image. Claims are texts, numbers too; what
        has no value is left out. Raises ``TypeError``, naming the field, for what is no text."""
        return [
            Evidence(
                field=cell["field"],
                verdict=cell["verdict"],
                suspicion=cell["suspicion"],
                read=cell["read"],
                claimed=cell["record"],
                region=_region(cell["box"]),
                differences=tuple(
                    Difference(d["read"], d["record"], _region(d["box"])) for d in cell["differences"]
                ),
            )
            for cell in json.loads(self._native.verify(_given.texts_by_name("record", record)))
        ]

    def _repr_html_(self) -> str:
        rows = [(name, f.value, f.text, f.confidence) for name, f in self.fields.items()]
        listed = _html.table(("field", "value", "as printed", "confidence"), rows)
        picture = _picture(self._shown)
        if picture is None:
            return listed
        mime, content = picture
        boxes = "".join(
            f'<rect x="{f.region.x0}" y="{f.region.y0}" width="{f.region.x1 - f.region.x0}" '
            f'height="{f.region.y1 - f.region.y0}" fill="none" stroke="#0072b2" stroke-width="3">'
            f"<title>{_html.cell(f'{name}: {f.value}')}</title></rect>"
            for name, f in self.fields.items()
        )
        drawn = (
            f'<svg viewBox="0 0 {self.width} {self.height}" style="width:100%;max-width:640px">'
            f'<image href="data:{mime};base64,{base64.b64encode(content).decode()}" '
            f'width="{self.width}" height="{self.height}"/>{boxes}</svg>'
        )
        return f'<div style="display:flex;gap:1em;flex-wrap:wrap">{drawn}<div>{listed}</div></div>'


class Reader:
    """Reads fields from page images and verifies claims on them. May be shared between threads."""

    def __init__(
        self,
        models: str | os.PathLike[str] | None = None,
        *,
        threads: int | None = None,
        fields: Iterable[str | os.PathLike[str]] = (),
        rules: Iterable[str | os.PathLike[str]] = (),
    ) -> None:
        """Open the models in ``models``, else those that ``setup`` fetched; raises ``Unavailable`` where there
        are none. ``threads`` is how many pages' lines are read side by side.

        ``fields`` are files of fields and papers to read beside those that are shipped; ``rules`` are files of
        number rules that their patterns may name, as ``<NAME>``, beside the shipped ones."""
        _engine.start()
        self._native = _native.Reader(
            models, threads, _given.paths("fields", fields), _given.paths("rules", rules)
        )

    def read(self, image: Image) -> Reading:
        """Read a page. The interpreter is released meanwhile; Ctrl-C is heard when the page is done."""
        name, source, shown = _source(image)
        native = self._native.read(name, source)
        found = json.loads(native.summary())
        fields = {
            field: FieldReading(
                value=f["value"],
                text=f["text"],
                confidence=f["confidence"],
                region=Region(*f["box"]),
                alternatives=tuple(f["alternatives"]),
            )
            for field, f in found["fields"].items()
        }
        return Reading(
            document_type=found["doc_type"],
            title=found["title"],
            fields=fields,
            width=found["width"],
            height=found["height"],
            seconds=found["seconds"],
            _native=native,
            _shown=shown,
        )

    def verify(self, image: Image, record: Mapping[str, str]) -> list[Evidence]:
        """Read a page and verify each claim of ``record`` on it, as ``Reading.verify`` does."""
        claims = _given.texts_by_name("record", record)
        return self.read(image).verify(claims)


def _region(box: list[int] | None) -> Region | None:
    return None if box is None else Region(*box)


_Source = bytes | tuple[int, int, bytes] | str | os.PathLike[str]

_Shown = bytes | str | os.PathLike[str] | None


def _source(image: Image) -> tuple[str, _Source, _Shown]:
    """A name, what the native part takes, and what a notebook may show."""
    if isinstance(image, (bytes, bytearray, memoryview)):
        content = bytes(image)
        return "image", content, content
    if isinstance(image, (str, os.PathLike)):
        # The native part opens it, within its limits.
        return os.fspath(image), image, image
    if hasattr(image, "__array_interface__") and hasattr(image, "ndim"):
        return "array", _plane_of_array(image), None
    if hasattr(image, "getchannel") and hasattr(image, "mode"):
        return "picture", _plane_of_picture(image), None
    raise TypeError(f"image is a {type(image).__name__}: give a path, bytes, a PIL image or a NumPy array")


def _plane_of_array(array: Any) -> _Source:
    if array.dtype != "uint8":
        raise _native.InvalidInput(f"array: has values of {array.dtype}: give uint8, 0 for black")
    if array.ndim == 3 and array.shape[2] in (3, 4):
        # The native part reads the red channel, in which red stamps nearly vanish.
        array = array[:, :, 0]
    if array.ndim != 2:
        raise _native.InvalidInput(f"array: has the shape {array.shape}: give (height, width) or (height, width, 3)")
    height, width = array.shape
    # Rows one after the other, whatever the array's order and strides.
    return width, height, array.tobytes(order="C")


def _plane_of_picture(picture: Any) -> _Source:
    if picture.mode not in ("L", "RGB"):
        if "A" in picture.mode or "transparency" in picture.info:
            from PIL import Image as Pillow

            # What is transparent is paper.
            coloured = picture.convert("RGBA")
            paper = Pillow.new("RGBA", coloured.size, "white")
            picture = Pillow.alpha_composite(paper, coloured).convert("RGB")
        else:
            picture = picture.convert("L" if picture.mode in ("1", "LA") else "RGB")
    plane = picture if picture.mode == "L" else picture.getchannel("R")
    return plane.width, plane.height, plane.tobytes()


def _picture(shown: _Shown) -> tuple[str, bytes] | None:
    """The type and the content of an image that a notebook can show."""
    if isinstance(shown, (str, os.PathLike)):
        try:
            with open(shown, "rb") as file:
                shown = file.read(_SHOWN + 1)
        except OSError:
            return None
    if shown is None or len(shown) > _SHOWN:
        return None
    if shown.startswith(b"\xff\xd8"):
        return "image/jpeg", shown
    return ("image/png", shown) if shown.startswith(b"\x89PNG") else None
