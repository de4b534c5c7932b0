"""The examples of the guide for analysts run from top to bottom, on values that this test brings."""

from __future__ import annotations

import ast
import datetime
import pathlib
import re
import shutil
from typing import Any

import polars as pl
import pytest

import marketing_archive as ma

ROOT = pathlib.Path(__file__).parents[3]
PYTHON = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.DOTALL)

# Shelves of another site, to send boxes to.
SHELVES = """
[[bank]]
site = "XS"
room = "R1"
name = "B1"
columns = 4
bays = 3
levels = 5
positions = 6
width_mm = 50
"""


def own_archive(directory: pathlib.Path) -> tuple[ma.Archive, ma.Answer]:
    ma.Archive.create(directory).close()
    settings = directory / "archive.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + SHELVES, encoding="utf-8")
    archive = ma.Archive(directory)
    filed = archive.file(
        key="request-1",
        customer={"number": "3342125369", "name": "徐州鑫达汽车零部件有限公司", "class": "business"},
        process="new-connection-lv",
        date="2024-05-10",
        documents=["contract.jpg"],
        record={"ct_ratio": "800/5"},
    )
    return archive, filed


def room() -> dict[str, Any]:
    """Two boxes in one aisle, and the reads of one visit, which hear one of them."""
    # Of the column beside them, too: aisles are counted between columns.
    slots = [f"HZ/R1/B1/{column}/01/1/{position:02}" for column in ("C01/A", "C02/B") for position in (1, 2)]
    tags = ["A0" * 12, "A1" * 12]
    visit = {"visit": ["v1"], "bank": ["HZ/R1/B1"], "aisle": [2], "begun_ms": [0], "lasted_ms": [3000]}
    return {
        "boxes": pl.DataFrame({"number": ["H0001", "H0002"], "slot": slots[2:], "tag": tags}),
        "visits": pl.DataFrame(visit),
        "reads": pl.DataFrame({"visit": ["v1"], "tag": tags[:1], "antenna": [3]}),
        "slots": slots,
    }


@pytest.mark.parametrize("example", [pytest.param(code, id=code.split("(")[0][:40]) for code in PYTHON])
def test_the_guide_is_python(example: str) -> None:
    compile(example, "python.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_the_guide_runs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for scan in (ROOT / "samples").glob("*.jpg"):
        shutil.copy(scan, tmp_path)
    archive, filed = own_archive(tmp_path / "holdings")
    names: dict[str, Any] = {
        "papers": pl.DataFrame({"account_no": ["1", "2"], "ct_ratio": ["50/5", "100/5"]}),
        "system": pl.DataFrame({"account_no": ["1", "3"], "ct_ratio": ["800/5", "100/5"]}),
        "frame": pl.DataFrame({"number": ["Z109-KH·2024-D30-BGS-0007", "no number"]}),
        "text": (ROOT / "archive-numbering" / "rules" / "contract.rule").read_text(encoding="utf-8"),
        "archive": archive,
        "reference": filed["reference_code"],
        "references": [filed["reference_code"]],
        "boxes": [filed["box_number"]],
        "slot": filed["slot"],
        "yesterday": datetime.date.today() - datetime.timedelta(days=1),
    }
    for example in PYTHON:
        if "class Cabinet" in example:
            continue  # A sketch: test_shelving.py has a whole one.
        if "infer_inventory" in example:
            names |= room()
        exec(compile(example, "python.md", "exec"), names)
    assert names["numbers"].to_list() == ["Z109-KH·2024-D30-BGS-0007"]
    assert ma.validate_package("package")["faults"] == []
    assert pathlib.Path("spines.pdf").exists() and pathlib.Path("suit-7").is_dir()
    assert pl.DataFrame(names["found"]).height == 2
