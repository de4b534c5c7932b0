"""Comparing tables: paths and data frames in, findings out, without a copy."""

from __future__ import annotations

import datetime
import os
import pathlib
import re
import signal
import threading
import time
from typing import Any, Callable

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import marketing_archive as ma

PAPERS = {"account_no": ["0001", "0002", "0003"], "contract_capacity_kva": ["４００千伏安", "500kVA", "80"]}
SYSTEM = {"account_no": ["0001", "0002", "0004"], "contract_capacity_kva": ["400.00", "315", "80"]}


def duck(data: dict[str, list[str]]) -> Any:
    frame = pd.DataFrame(data)
    return duckdb.from_df(frame)


FRAMES: dict[str, Callable[[dict[str, list[str]]], Any]] = {
    "pyarrow": pa.table,
    "batch": lambda data: pa.RecordBatch.from_pydict(data),
    "polars": pl.DataFrame,
    "pandas": pd.DataFrame,
    "duckdb": duck,
}


@pytest.mark.parametrize("left", FRAMES)
@pytest.mark.parametrize("right", ["pyarrow", "polars"])
def test_frames_of_every_library_are_compared(left: str, right: str) -> None:
    found = ma.reconcile(FRAMES[left](PAPERS), FRAMES[right](SYSTEM), key="account_no")
    assert (found.left_rows, found.right_rows) == (3, 3)
    assert (found.mismatches, found.missing_left, found.missing_right) == (1, 1, 1)
    assert not found.is_equal and found.fields == ("contract_capacity_kva",)
    rows = pl.DataFrame(found).sort("account_no").to_dicts()
    assert [(row["account_no"], row["kind"]) for row in rows] == [
        ("0002", "mismatch"),
        ("0003", "missing_right"),
        ("0004", "missing_left"),
    ]
    assert rows[0]["left_value"] == "500kVA" and rows[0]["severity"] == "critical"
    assert "500kVA" in found._repr_html_()


def test_files_and_frames_mix_and_findings_go_to_files(tmp_path: pathlib.Path) -> None:
    left, right, out = tmp_path / "papers.parquet", tmp_path / "system.csv", tmp_path / "findings.parquet"
    pq.write_table(pa.table(PAPERS), left)
    pd.DataFrame(SYSTEM).to_csv(right, index=False)
    in_memory = ma.reconcile(left, pl.DataFrame(SYSTEM), key=["account_no"])
    assert in_memory.mismatches == 1
    written = ma.reconcile(left, os.fspath(right), key="account_no", out=out)
    assert written.findings is None and written.mismatches == 1
    assert pq.read_table(out).num_rows == 3
    with pytest.raises(ma.NotFound, match="written to a file"):
        pa.table(written)
    with pytest.raises(ma.InvalidInput, match="two paths"):
        ma.reconcile(left, pa.table(SYSTEM), key="account_no", out=tmp_path / "x.csv")


def test_bad_tables_are_named(tmp_path: pathlib.Path) -> None:
    papers = pa.table(PAPERS)
    with pytest.raises(ma.InvalidInput, match="left.*colour|colour.*left"):
        ma.reconcile(papers.append_column("colour", pa.array(["a", "b", "c"])), papers, key="account_no")
    with pytest.raises(ma.InvalidInput, match="account"):
        ma.reconcile(papers, papers, key="account")
    with pytest.raises(ma.InvalidInput, match="right: is a int"):
        ma.reconcile(papers, 3, key="account_no")
    with pytest.raises(ma.NotFound):
        ma.reconcile(tmp_path / "none.parquet", papers, key="account_no")
    with pytest.raises(ma.NotFound):
        ma.reconcile(papers, papers, key="account_no", schema=tmp_path / "none.toml")
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(ma.Corrupt, match="cut.parquet"):
        ma.reconcile(cut, papers, key="account_no")
    with pytest.raises(ma.InvalidInput, match="too little"):
        many = pa.table({"account_no": [str(i) for i in range(100_000)]})
        ma.reconcile(many, many, key="account_no", memory=10)


def test_nan_none_and_empty_tables_are_values_of_their_own() -> None:
    left = pa.table({"account_no": ["1", None, "3"], "kw": [1.5, 2.0, float("nan")]})
    right = pa.table({"account_no": ["1", "2", "3"], "kw": [1.5, 2.0, None]})
    found = ma.reconcile(left, right, key="account_no")
    assert found.keyless_left == 1 and found.missing_left == 1
    assert found.mismatches == 1, "a value that is no number is not an absent one"
    empty = ma.reconcile(left.slice(0, 0), right.slice(0, 0), key="account_no")
    assert empty.is_equal and len(empty.findings or ()) == 0


NOTHING: dict[str, Callable[[], Any]] = {
    "polars": lambda: pl.DataFrame({"account_no": ["1", "2"], "kw": pl.Series([None, None])}),
    "pyarrow": lambda: pa.table({"account_no": ["1", "2"], "kw": pa.nulls(2)}),
    "pandas": lambda: pd.DataFrame({"account_no": ["1", "2"], "kw": [None, None]}),
}


@pytest.mark.parametrize("library", NOTHING)
def test_a_column_that_is_null_throughout_has_no_values(library: str) -> None:
    nothing = NOTHING[library]()
    kinds = [pa.array(["5", None]), pa.array([5, None]), pa.array([0.5, None]), pa.array([datetime.date(2024, 5, 1), None])]
    for kind in kinds:
        other = pa.table({"account_no": ["1", "2"], "kw": kind})
        for left, right in ((nothing, other), (other, nothing)):
            found = ma.reconcile(left, right, key="account_no")
            assert (found.mismatches, found.missing_left, found.missing_right) == (1, 0, 0)
            assert ma.reconcile(left, right, key="account_no", ignore=["kw"]).is_equal
            if kind.type == pa.float64():
                continue  # Never a key.
            # As a key it names no row.
            keyless = ma.reconcile(left, right, key=["account_no", "kw"])
            assert keyless.keyless_left + keyless.keyless_right == 3 and not keyless.is_equal
    assert ma.reconcile(nothing, nothing, key="account_no").is_equal
    assert pa.table(ma.Table(nothing))["kw"].null_count == 2
    inner = pl.DataFrame({"account_no": ["1", "2"], "kw": [[None], []], "s": [{"a": None, "b": 1}] * 2})
    assert ma.reconcile(inner, inner, key="account_no", ignore=["kw", "s"]).is_equal
    assert pl.DataFrame(ma.Table(inner)).to_dicts() == inner.to_dicts()


def test_papers_of_an_archive_are_a_side(tmp_path: pathlib.Path) -> None:
    papers, out = tmp_path / "holdings", tmp_path / "findings.xlsx"
    archive = ma.Archive.create(papers)
    archive.file(
        key="request-1",
        customer={"number": "3342125369", "name": "徐州鑫达汽车零部件有限公司", "class": "business"},
        process="new-connection-lv",
        date="2012-05-10",
        documents=[pathlib.Path(__file__).parents[3] / "samples" / "contract.jpg"],
    )
    reference = pathlib.Path(__file__).parents[3] / "archive-reconcile" / "schema" / "reference.toml"
    fields = re.findall(r'^\[\[field\]\]\nname = "(\w+)"', reference.read_text(encoding="utf-8"), re.MULTILINE)
    whole = pl.DataFrame({name: [None] for name in fields}).with_columns(
        account_no=pl.lit("3342125369"), ct_ratio=pl.lit("800/5")
    )
    system = tmp_path / "system.csv"
    whole.write_csv(system)
    found = ma.reconcile(archive, whole, key="account_no")
    rows = {row["field"]: row for row in pl.DataFrame(found).to_dicts()}
    assert rows["ct_ratio"]["left_value"] == "50/5" and "contract.jpg page 1" in rows["ct_ratio"]["reason"]
    archive.close()
    again = ma.reconcile(f"catalogue:{papers}", whole, key="account_no")
    assert pl.DataFrame(again).to_dicts() == pl.DataFrame(found).to_dicts()
    assert ma.reconcile(f"catalogue:{papers}", system, key="account_no", out=out).mismatches == found.mismatches
    with pytest.raises(ma.InvalidInput, match="findings.xlsx: is a workbook"):
        ma.reconcile(out, system, key="account_no")
    with pytest.raises(ma.NotFound, match="catalogue|is no archive"):
        ma.reconcile(f"catalogue:{tmp_path / 'none'}", system, key="account_no")


def test_tables_pass_without_a_copy() -> None:
    table = pa.table({"account_no": pa.array([str(i) for i in range(1000)])})
    addresses = [b.address for b in table["account_no"].chunk(0).buffers() if b is not None]
    through = pa.table(ma.Table(table))
    assert [b.address for b in through["account_no"].chunk(0).buffers() if b is not None] == addresses
    numbers = pl.DataFrame({"n": range(1000)})
    pointer = numbers["n"].to_numpy(allow_copy=False).ctypes.data
    assert pa.table(ma.Table(numbers))["n"].chunk(0).buffers()[1].address == pointer


def big(rows: int, shift: int = 0) -> pa.Table:
    return pa.table({
        "account_no": pa.array([f"{i:010}" for i in range(rows)]),
        "contract_capacity_kva": pa.array([str(i % 900 + shift) for i in range(rows)]),
    })


def test_progress_is_told_and_what_it_raises_cancels(capsys: pytest.CaptureFixture[str]) -> None:
    table = big(200_000)
    stages: set[str] = set()
    ma.reconcile(table, table, key="account_no", progress=lambda stage, rows, of: stages.add(stage))
    assert "left" in stages
    ma.reconcile(table, table, key="account_no", progress=True)
    assert "reading left" in capsys.readouterr().err

    class Enough(Exception):
        pass

    def stop(stage: str, rows: int, of: int | None) -> None:
        raise Enough(stage)

    with pytest.raises(Enough):
        ma.reconcile(table, table, key="account_no", progress=stop)


def test_ctrl_c_ends_a_comparison() -> None:
    table, other = big(1_500_000), big(1_500_000, shift=1)
    began = threading.Event()

    def interrupt() -> None:
        began.wait()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        ma.reconcile(table, other, key="account_no", progress=lambda *_: began.set())
        # Signals are heard at once or, at the latest, when Python runs again.
        time.sleep(1)


def test_the_interpreter_runs_meanwhile() -> None:
    table, other = big(500_000), big(500_000, shift=1)
    count, done = 0, threading.Event()

    def work() -> None:
        ma.reconcile(table, other, key="account_no")
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not done.is_set():
        count += 1
        time.sleep(0.001)
    worker.join()
    assert count > 10, "the interpreter stood still"
