"""Rules, one number at a time and by the column."""

from __future__ import annotations

import datetime
import re
import threading
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import marketing_archive as ma

RULE = """\
rule box-label version 1 effective 2024-01-01
  room = chars[A-Z]{2}
  year = digits{4} range 2000..2099 from filed
  n = sequence{4} start 1 per (room, year) gapless refuse-when-full
  format "{room}-{year}-{n}"
  aliases {—－}->"-"
"""


def test_a_rule_takes_numbers_apart_and_makes_them() -> None:
    rule = ma.Rule(RULE)
    assert rule.parse("HZ-2024-0042") == {"room": "HZ", "year": "2024", "n": "0042"}
    assert rule.format(room="HZ", n=42, dates={"filed": datetime.date(2024, 5, 1)}) == "HZ-2024-0042"
    assert rule.format({"room": "HZ", "year": 2024, "n": "0042"}) == "HZ-2024-0042"
    assert rule.canonical("HZ—2024-0042") == "HZ-2024-0042"
    assert rule.canonical("HZ-2024-42") is None
    assert rule.fields == ("room", "year", "n")
    assert rule.capacity == (9999, 26 * 26 * 100 * 9999)
    assert rule.example == "AA-2000-0001"
    assert (rule.next(), rule.next(7)) == (1, 8)
    with pytest.raises(ma.Refused, match="is full"):
        rule.next(9999)
    with pytest.raises(ma.InvalidInput, match="HZ-42"):
        rule.parse("HZ-42")
    with pytest.raises(ma.InvalidInput, match="line 1") as raised:
        ma.Rule("nonsense")
    assert str(raised.value).count("line 1") == 1, "said once"
    with pytest.raises(ma.NotFound, match="none of room, year, n"):
        rule.format(rooms="HZ")
    with pytest.raises(TypeError):
        rule.format(room=1.5)  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        rule.next(-1)


def test_a_rule_explains_and_completes() -> None:
    rule = ma.Rule(RULE)
    explanation = rule.explain("HZ-2O24-0042")
    assert explanation is not None and explanation.field == "year" and explanation.found == "O"
    assert rule.explain("HZ-2024-0042") is None
    completion = rule.complete("HZ-20")
    assert (completion.forced, completion.is_number) == ("", False)
    assert completion.example == "HZ-2000-0001"


def test_a_rule_is_checked_with_its_counterexample() -> None:
    faulty = RULE.replace('"{room}-{year}-{n}"', '"{room}-{n}"')
    report = ma.check_rule(faulty, source="box.rule")
    assert not report.sound and "these two files would both get" in str(report)
    assert report.report["findings"][0]["proof"] == "scope"
    assert ma.check_rule(RULE).sound
    assert ma.format_rule(RULE).startswith("rule box-label")
    for title, text in ma.shipped_rules().items():
        assert ma.check_rule(text, source=title).sound, title


def test_identifiers_are_checked() -> None:
    # A retired prefix of GB 11643: nobody bears it.
    number = ma.Rule.shipped("居民身份证号码").example
    assert number is not None and ma.check_identifier("citizen-id", number) == number
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    with pytest.raises(ma.InvalidInput, match="citizen-id"):
        ma.check_identifier("citizen-id", wrong)
    with pytest.raises(ma.InvalidInput, match="is none of"):
        ma.check_identifier("passport", number)  # type: ignore[arg-type]


def numbers_as(library: str, numbers: list[str | None]) -> Any:
    if library == "polars":
        return pl.Series("number", numbers, dtype=pl.String)
    if library == "pandas":
        return pd.DataFrame({"number": pd.Series(numbers, dtype="string")})
    if library == "dictionary":
        return pa.array(numbers).dictionary_encode()
    return pa.chunked_array([numbers[:1], numbers[1:]], type={"pyarrow": pa.string(), "large": pa.large_string(), "view": pa.string_view()}[library])


@pytest.mark.parametrize("library", ["pyarrow", "large", "view", "dictionary", "polars", "pandas"])
def test_a_column_is_taken_apart_whatever_holds_it(library: str) -> None:
    rule = ma.Rule(RULE)
    column = numbers_as(library, ["HZ-2024-0042", None, "HZ-2024-42", "NB－2023-9999"])
    parts = pa.table(rule.parse_column(column))
    assert parts.column_names == ["room", "year", "n", "number", "error"]
    assert parts["room"].to_pylist() == ["HZ", None, None, "NB"]
    assert parts["number"].to_pylist() == ["HZ-2024-0042", None, None, "NB-2023-9999"]
    errors = parts["error"].to_pylist()
    assert errors[0] is None and errors[1] is None and errors[3] is None
    assert re.search("HZ-2024-42.*expected|expected", str(errors[2])), errors[2]
    assert pl.DataFrame(rule.parse_column(column)).height == 4


def test_numbers_are_made_of_a_table_and_back() -> None:
    rule = ma.Rule(RULE)
    rows = 100_000
    table = pa.table({
        "room": pa.array(["HZ", "NB"] * (rows // 2)).dictionary_encode(),
        "year": pa.array([2024] * rows, pa.int16()),
        "n": pa.array([1 + i % 9999 for i in range(rows)], pa.uint64()),
    })
    numbers = pa.array(rule.format_table(table))
    assert numbers[0].as_py() == "HZ-2024-0001" and len(numbers) == rows
    back = pa.table(rule.parse_column(numbers))
    assert back["room"].to_pylist() == table["room"].to_pylist()
    assert [int(n) for n in back["n"].to_pylist()] == table["n"].to_pylist()
    assert back["error"].null_count == rows


def test_bad_columns_and_rows_are_named() -> None:
    rule = ma.Rule(RULE)
    good = {"room": ["HZ", "NB"], "year": [2024, 2024], "n": [1, 2]}
    with pytest.raises(ma.InvalidInput, match="row 1"):
        rule.format_table(pa.table({**good, "n": [1, 10_000]}))
    with pytest.raises(ma.InvalidInput, match="row 0"):
        rule.format_table(pa.table({**good, "n": [None, 1]}))
    assert pa.array(rule.format_table(pa.table({**good, "n": [-1, 1]}), errors="null")).to_pylist() == [
        None,
        "NB-2024-0001",
    ]
    with pytest.raises(ma.NotFound, match="rooms"):
        rule.format_table(pa.table({"rooms": ["HZ"]}))
    with pytest.raises(ma.InvalidInput, match="column n: is of type"):
        rule.format_table(pa.table({**good, "n": [1.0, float("nan")]}))
    with pytest.raises(ma.InvalidInput, match="numbers: is a list, not a table"):
        rule.parse_column(["HZ-2024-0042"])
    with pytest.raises(ma.InvalidInput, match="table of 3 columns"):
        rule.parse_column(pa.table(good))
    with pytest.raises(ma.InvalidInput, match="not a table"):
        rule.format_table(pa.array(["HZ"]))
    empty = pa.table(rule.parse_column(pa.array([], pa.string())))
    assert empty.num_rows == 0 and empty.column_names[0] == "room"
    assert len(rule.format_table(pa.table(good).slice(0, 0))) == 0
    with pytest.raises(ValueError, match="raise"):
        rule.format_table(pa.table(good), errors="ignore")  # type: ignore[arg-type]


def test_a_stream_is_read_once() -> None:
    rule = ma.Rule(RULE)
    reader = pa.RecordBatchReader.from_batches(
        pa.schema({"n": pa.string()}), iter([pa.record_batch({"n": ["HZ-2024-0042"]})])
    )
    assert len(rule.parse_column(reader)) == 1

    def breaks() -> Any:
        yield pa.record_batch({"n": ["HZ-2024-0042"]})
        raise RuntimeError("the query failed half-way")

    with pytest.raises(ma.InvalidInput, match="half-way"):
        rule.parse_column(pa.RecordBatchReader.from_batches(pa.schema({"n": pa.string()}), breaks()))


def test_threads_share_a_rule() -> None:
    rule = ma.Rule(RULE)
    column = pa.array(["HZ-2024-0042"] * 50_000)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(rule.parse_column(column)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [50_000] * 8


CHECKED = """\
rule checked version 1 effective 2024-01-01
  place = chars[A-Z0-9·]{1,20}
  n = sequence{6} start 1 per (place) gapless refuse-when-full
  c = check ISO7064-11-2 (n)
  format "{place}/{n}{c}"
  aliases {／}->"/" fullwidth lowercase
"""


def each(rule: ma.Rule, column: pa.Array) -> list[dict[str, Any]]:
    """What the rule says of each row by itself."""
    rows = []
    for number in column.to_pylist():
        row: dict[str, Any] = dict.fromkeys((*rule.fields, "number", "error"))
        if number is not None:
            try:
                row |= rule.parse(number) | {"number": rule.canonical(number)}
            except ma.InvalidInput as error:
                row["error"] = str(error)
        rows.append(row)
    return rows


@pytest.mark.parametrize("text", [RULE, CHECKED, "DA-T-22-件", "盒号", "居民身份证号码"])
def test_a_column_says_what_each_number_says(text: str) -> None:
    rule = ma.Rule(text) if "\n" in text else ma.Rule.shipped(text)
    example = rule.example
    assert example is not None
    wrong = example[:-1] + ("7" if example[-1] != "7" else "8")
    kinds = [example, wrong, example.lower(), example.replace("-", "—"), None, "", "档号", "A" * 300, example + "\0"]
    kinds += ["HZ-2024-0042", "NB－2023-9999", "Z109-WS·2099-Y-BGSCWZSX-9999", "Z109-KH·2024-D10-BG-0001"]
    kinds += ["A/000001X", "SHANGHAI·PUDONG/000002X", "SHANGHAI·PUDONG／000012X"]
    kinds += [f"SHANGHAI·PUDONG/{n:06}{c}" for n in range(3) for c in "0123456789X"]
    # Runs of the same, and every one beside every other; more rows than are looked at together.
    mixed = [kinds[i * i % len(kinds)] for i in range(500)] + [example] * 200 + [None] * 200 + [example, wrong] * 50
    plain = pa.array(mixed, pa.string())
    views = plain.cast(pa.string_view())
    expected = each(rule, plain)
    for column in (plain, views, plain.cast(pa.large_string()), plain.dictionary_encode()):
        for start, rows in ((0, len(plain)), (1, 64), (37, 700), (699, 300), (900, 0)):
            found = pa.table(rule.parse_column(column.slice(start, rows)))
            found.validate(full=True)
            assert found.to_pylist() == expected[start : start + rows], (column.type, start, rows)
    parts = pl.DataFrame(rule.parse_column(pl.Series(mixed, dtype=pl.String)))
    assert parts.to_dicts() == expected
    # And back.
    whole = parts.drop_nulls("number").select([name for name in rule.fields if name not in ("c", "校验码")])
    assert pl.Series(rule.format_table(whole)).to_list() == parts["number"].drop_nulls().to_list()


def test_long_columns_go_through_many_hands() -> None:
    rule = ma.Rule.shipped("DA-T-22-件")
    numbers = [f"Z{100 + i // 50_000}-KH·{2000 + i // 1000 % 100}-D30-BGS-{i % 9999 + 1:04}" for i in range(150_000)]
    numbers[70_000] = "Z101-KH·2024-D30-BGS-7"
    numbers[70_001] = None  # type: ignore[call-overload]
    parts = pa.table(rule.parse_column(pa.chunked_array([numbers[:3], numbers[3:]], pa.string_view())))
    parts.validate(full=True)
    assert parts["number"].null_count == 2 and parts["error"].null_count == 149_999
    assert "number \"Z101-KH·2024-D30-BGS-7\"" in parts["error"][70_000].as_py()
    assert parts["全宗号"].to_pylist() == [None if i in (70_000, 70_001) else f"Z{100 + i // 50_000}" for i in range(150_000)]
    given = parts.select(rule.fields)
    with pytest.raises(ma.InvalidInput, match="row 70000"):
        rule.format_table(given)
    made = pa.array(rule.format_table(given, errors="null"))
    made.validate(full=True)
    assert made.to_pylist() == parts["number"].to_pylist()


def test_a_column_of_numbers_is_refused_row_by_row() -> None:
    found = pa.table(ma.Rule(RULE).parse_column(pa.array([5, None, -5])))
    assert found["error"].to_pylist() == ["number: is 5, not a text", None, "number: is -5, not a text"]
    assert found["number"].null_count == found["room"].null_count == 3


@pytest.mark.parametrize("nothing", [pl.Series([None, None]), pa.nulls(2), pa.nulls(2).dictionary_encode(), pd.Series([None, None])])
def test_a_column_that_is_null_throughout_has_no_numbers(nothing: Any) -> None:
    rule = ma.Rule(RULE)
    parts = pl.DataFrame(rule.parse_column(nothing))
    assert parts.height == 2 and all(parts[name].null_count() == 2 for name in parts.columns)
    values = pl.DataFrame({"room": ["HZ", "NB"], "year": [2024, 2024], "n": pl.Series([None, None])})
    assert pl.Series(rule.format_table(values, errors="null")).to_list() == [None, None]
    with pytest.raises(ma.InvalidInput, match="row 0"):
        rule.format_table(values)
