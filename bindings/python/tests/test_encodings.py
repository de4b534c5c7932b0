"""Texts in other encodings, and what is no text at all: each is an exception of its kind, never a guess."""

from __future__ import annotations

import pathlib

import pyarrow as pa
import pytest

import marketing_archive as ma

GB18030 = "杭州永泰纺织有限公司".encode("gb18030")


def test_bytes_are_no_numbers() -> None:
    rule = ma.Rule.shipped("DA-T-22-件")
    for wrong in (GB18030, 3, None, ["x"]):
        with pytest.raises(TypeError):
            rule.parse(wrong)  # type: ignore[arg-type]
    # Half of a surrogate pair cannot be written as UTF-8.
    with pytest.raises(UnicodeEncodeError):
        rule.parse("\ud800")
    with pytest.raises(ma.InvalidInput):
        rule.parse("Z109\0")
    with pytest.raises(ma.InvalidInput, match="is of type.*Binary"):
        rule.parse_column(pa.array([GB18030]))


def test_csv_in_another_encoding_is_read_as_what_it_is(tmp_path: pathlib.Path) -> None:
    text = "account_no,customer_name\n1,杭州永泰纺织有限公司\n"
    papers, system = tmp_path / "papers.csv", tmp_path / "system.csv"
    papers.write_bytes(text.encode("gb18030"))
    system.write_bytes(text.encode("utf-8-sig"))
    assert ma.reconcile(papers, system, key="account_no").is_equal
    papers.write_bytes(text.encode("utf-16"))
    with pytest.raises(ma.ArchiveError, match="papers.csv"):
        ma.reconcile(papers, system, key="account_no")


def test_a_text_column_that_is_no_utf8_is_refused_by_name() -> None:
    offsets = pa.array([0, len(GB18030)], pa.int32()).buffers()[1]
    wrong = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(GB18030))
    papers = pa.table({"account_no": ["1"], "customer_name": wrong})
    system = pa.table({"account_no": ["1"], "customer_name": ["杭州永泰纺织有限公司"]})
    for left, right in ((papers, system), (system, papers)):
        with pytest.raises(ma.InvalidInput, match="column customer_name.*not UTF-8"):
            ma.reconcile(left, right, key="account_no")
    backwards = pa.array([0, 9, 3], pa.int32()).buffers()[1]
    for column in (wrong, pa.StringArray.from_buffers(2, backwards, pa.py_buffer(b"123456789"))):
        with pytest.raises(ma.InvalidInput, match="does not allow"):
            ma.Rule.shipped("DA-T-22-件").parse_column(column)
