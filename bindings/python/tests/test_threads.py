"""The whole surface from eight threads at once: each thread gets what it would get alone."""

from __future__ import annotations

import datetime
import pathlib
import threading
from typing import Any, Callable

import polars as pl
import pyarrow as pa

import marketing_archive as ma

THREADS = 8
CONTRACT = pathlib.Path(__file__).parents[3] / "samples" / "contract.jpg"


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """What each thread got; what one raises fails the test."""
    together = threading.Barrier(THREADS)
    found: list[Any] = [None] * THREADS

    def run(number: int) -> None:
        together.wait()
        try:
            found[number] = work(number)
        except BaseException as error:  # noqa: BLE001 - told by the assertion below
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
        assert not thread.is_alive(), "a call hangs"
    assert not [f for f in found if isinstance(f, BaseException)], found
    return found


def test_rules_and_tables() -> None:
    rule = ma.Rule.shipped("DA-T-22-件")
    good = rule.example
    assert good is not None
    numbers = pl.Series("n", [good, "none", None] * 500)
    papers = pa.table({"account_no": ["1", "2"], "ct_ratio": ["200/5", "100/5"]})

    def work(number: int) -> Any:
        parts = pl.DataFrame(rule.parse_column(numbers))
        column = pl.Series(rule.format_table(parts.select(rule.fields).drop_nulls()))
        system = pa.table({"account_no": ["1", "2"], "ct_ratio": ["800/5", "100/5"]})
        found = ma.reconcile(papers, system, key="account_no")
        return (parts["error"].null_count(), column[0], rule.canonical(good), found.mismatches, rule.explain(good))

    assert set(at_once(work)) == {(1000, good, good, 1, None)}


def test_archive_reader_and_alerts(tmp_path: pathlib.Path) -> None:
    archive, reader = ma.Archive.create(tmp_path / "holdings"), ma.Reader(threads=1)
    book = ma.AlertBook(tmp_path / "alerts.json")
    papers = pa.table({"account_no": ["1"], "ct_ratio": ["200/5"]})
    found = ma.reconcile(papers, pa.table({"account_no": ["1"], "ct_ratio": ["800/5"]}), key="account_no")

    def work(number: int) -> Any:
        outcome = archive.file(
            # Two threads a request: one of them repeats the other.
            key=f"request-{number // 2}",
            customer={"number": f"334212536{number // 2}", "name": "甲公司", "class": "business"},
            process="new-connection-lv",
            date=datetime.date(2024, 5, 1),
            documents=[CONTRACT],
        )
        reference: str = outcome["reference_code"]
        lent = True
        try:
            archive.lend(reference, key=f"loan-{number}", borrower="a", purpose="b")
        except ma.Conflict:
            lent = False
        notices = len(book.observe(found, today=datetime.date(2024, 5, 1)))
        reading = reader.read(CONTRACT)
        archive.locate(reference), archive.completeness(reference), archive.open_loans()
        archive.completeness_matrix(), archive.checkpoint(), archive.due_for_disposal()
        verdict = reading.verify({"ct_ratio": "800/5"})[0].verdict
        return number // 2, reference, lent, notices, reading.fields["account_no"].value, verdict

    results = at_once(work)
    assert len({(request, reference) for request, reference, *_ in results}) == THREADS // 2, "no number twice"
    assert sum(lent for _, _, lent, *_ in results) == THREADS // 2, "one loan a file"
    assert sum(notices for _, _, _, notices, *_ in results) == 1, "told once"
    assert {(value, verdict) for *_, value, verdict in results} == {("3342125369", "mismatch")}
    assert archive.audit() == [] and archive.verify()["breaks"] == []


def test_plans_and_closing(tmp_path: pathlib.Path) -> None:
    slots = {f"HZ/R1/B1/C01/A/01/1/{i:02}": 50 for i in range(1, 40)}
    names = list(slots)
    archive = ma.Archive.create(tmp_path / "holdings")

    def work(number: int) -> Any:
        plan = ma.plan_relocation(slots, {"X1": (names[0], 30)}, {"X1": names[number + 1]})
        kind = ""
        try:
            for turn in range(50):
                if number == 0 and turn == 25:
                    archive.close()
                archive.open_loans()
        except ma.Conflict:
            kind = "closed"
        return len(plan.moves), kind

    assert set(at_once(work)) <= {(1, "closed"), (1, "")}
