"""Custody, alerts and inferred inventories from Python."""

from __future__ import annotations

import datetime
import pathlib

import polars as pl
import pyarrow as pa
import pytest

import marketing_archive as ma

SAMPLES = pathlib.Path(__file__).parents[3] / "samples"


def filed(archive: ma.Archive, key: str = "request-1", date: str = "2012-05-10") -> ma.Answer:
    return archive.file(
        key=key,
        customer={"number": "3342125369", "name": "徐州鑫达汽车零部件有限公司", "class": "business"},
        process="new-connection-lv",
        date=date,
        documents=[SAMPLES / "contract.jpg"],
        record={"ct_ratio": "800/5"},
    )


def test_custody_from_completeness_to_evidence(tmp_path: pathlib.Path) -> None:
    archive = ma.Archive.create(tmp_path / "holdings")
    before = archive.checkpoint()
    reference = filed(archive)["reference_code"]
    assert archive.completeness(reference)
    matrix = archive.completeness_matrix()
    assert matrix["figures"]["cases"] == 1 and matrix["rows"]
    assert isinstance(archive.reminders(datetime.date(2024, 1, 1)), list)
    assert archive.search("3342125369")[0]["reference"] == reference
    assert archive.search("nothing that is there") == []
    assert archive.resume() == []
    events = archive.history(reference)
    assert events and events[0]["position"] >= 0 and events[0]["event"]
    assert archive.verify(before)["breaks"] == []
    other = ma.Archive.create(tmp_path / "other")
    filed(other, key="another")
    assert archive.verify(other.checkpoint())["breaks"], "another archive's log is another"
    with pytest.raises(ma.InvalidInput, match="checkpoint"):
        archive.verify("no checkpoint")
    with pytest.raises(ma.NotFound, match="not in the catalogue"):
        archive.completeness("none")
    with pytest.raises(ma.NotFound):
        other.history("Z999-KH·2024-D30-BGS-9999")
    late = archive.join(reference, key="late-1", documents=[SAMPLES / "application.jpg"])
    assert late["reference_code"] != reference
    assert [f["filed"]["reference"] for f in archive.late_files(reference)] == [late["reference_code"]]
    way = archive.way_to(late["slot"])
    assert way["words"].startswith("site ") and way["aisle"] >= 0
    with pytest.raises(ma.NotFound, match="not in the catalogue"):
        archive.way_to("HZ/R9/B1/C01/A/01/1/01")
    closed = archive.close_file(reference, by="li", reason="done")
    assert archive.close_file(reference, by="wang", reason="again") == closed
    with pytest.raises(ma.Refused, match="closed"):
        archive.join(reference, key="late-2", documents=[SAMPLES / "work-order.jpg"])


def test_disposal_asks_for_roles_holds_and_approvals(tmp_path: pathlib.Path) -> None:
    archive = ma.Archive.create(tmp_path / "holdings")
    reference = filed(archive)["reference_code"]
    far = datetime.date(2200, 1, 1)
    due = {row["reference"]: row for row in archive.due_for_disposal(far)}
    assert all(row["held_back"] is None for row in due.values())
    with pytest.raises(ma.Denied, match="archive-manager"):
        archive.hold(reference, reason="suit", by="zhao", role="archivist")
    archive.hold(reference, reason="suit", by="zhao", role="legal")
    archive.hold(reference, reason="suit", by="zhao", role="legal")
    assert [hold["references"] for hold in archive.holds()] == [[reference]]
    with pytest.raises(ma.Conflict):
        archive.propose_disposal([reference], key="list-1", person="li", role="archivist")
    archive.lift_hold(reference, by="zhao", role="legal")
    assert archive.holds() == []
    with pytest.raises(ma.Conflict, match="not due"):
        archive.propose_disposal([reference], key="list-1", person="li", role="archivist")
    for call in (archive.disposal_list, archive.carry_out_disposal):
        with pytest.raises(ma.NotFound, match="never proposed"):
            call("list-1")
    with pytest.raises(ma.NotFound):
        archive.approve_disposal("list-1", person="wang", role="archive-manager")
    with pytest.raises(ma.NotFound):
        archive.reject_disposal("list-1", person="wang", role="legal", reason="no")


def test_consignments_name_boxes_and_sites(tmp_path: pathlib.Path) -> None:
    archive = ma.Archive.create(tmp_path / "holdings")
    number = filed(archive)["box_number"]
    with pytest.raises(ma.InvalidInput, match="no boxes"):
        archive.send([], key="c-1", to="XS")
    with pytest.raises(ma.Conflict, match="no free slot"):
        archive.send([number], key="c-1", to="nowhere")
    for call in (archive.consignment, archive.recall):
        with pytest.raises(ma.NotFound, match="never sent"):
            call("c-1")
    with pytest.raises(ma.NotFound):
        archive.receive("c-1", boxes=[number])


PAPERS = pa.table({"account_no": ["1", "2", "3"], "ct_ratio": ["200/5", "100/5", "50/5"]})
SYSTEM = pa.table({"account_no": ["1", "2", "3"], "ct_ratio": ["800/5", "100/5", "50/5"]})


def test_findings_become_alerts_that_end(tmp_path: pathlib.Path) -> None:
    book = ma.AlertBook(tmp_path / "alerts.json")
    day = datetime.date(2024, 5, 1)
    found = ma.reconcile(PAPERS, SYSTEM, key="account_no")
    notices = book.observe(found, today=day)
    assert len(notices) == 1 and notices[0]["alert"]["finding"]["field"] == "ct_ratio"
    assert book.observe(pl.DataFrame(found), today=day) == [], "told once"
    (row,) = book.all()
    assert book.act(row["id"], "acknowledge", by="li", day=day)["alert"]["state"] == "acknowledged"
    with pytest.raises(ma.Conflict, match="li"):
        book.act(row["id"], "acknowledge", by="wang", day=day)
    with pytest.raises(ma.NotFound):
        book.act(99, "call-false", by="li", day=day)
    with pytest.raises(ma.InvalidInput, match="acknowledge"):
        book.act(row["id"], "forget", by="li", day=day)  # type: ignore[arg-type]
    nothing = ma.reconcile(PAPERS, PAPERS, key="account_no")
    book.observe(nothing, today=day, gone="system")
    assert [row["alert"]["state"] for row in book.all()] == ["resolved-in-system"]
    assert book.daily_list() == []
    with pytest.raises(ma.InvalidInput, match="no table of findings"):
        book.observe(PAPERS)
    with pytest.raises(ma.InvalidInput, match=r'orders\[0\]\["opened"\]'):
        book.observe(found, orders=[{"key": "1", "process": "x", "opened": "someday"}])
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ma.Corrupt, match="no book of alerts"):
        ma.AlertBook(tmp_path / "broken.json").all()


SLOTS = [f"HZ/R1/B1/C{column}/{side}/1/1/{n}" for column in (1, 2, 3) for side in "AB" for n in (1, 2, 3)]
TAGS = [f"2C14257BF46072000000000{n}" for n in (1, 2, 3)]


def visits(rounds: int = 9) -> pl.DataFrame:
    rows = [(f"{r}-{a}", "HZ/R1/B1", a, 10_000 * (4 * r + a), 200) for r in range(rounds) for a in range(4)]
    return pl.DataFrame(rows, schema=["visit", "bank", "aisle", "begun_ms", "lasted_ms"], orient="row")


def boxes() -> pl.DataFrame:
    return pl.DataFrame({"number": ["X1", "X2", "X3"], "tag": TAGS, "slot": SLOTS[:3], "seen": [0, 9, 0]})


def test_reads_become_answers_with_probabilities() -> None:
    # Only the first box's tag is ever read.
    reads = pl.DataFrame({"visit": [f"{r}-0" for r in range(9)], "tag": TAGS[0], "antenna": 1, "rssi": -55})
    found = ma.infer_inventory(boxes(), visits(), reads, slots=SLOTS)
    frame = pl.DataFrame(found)
    assert frame["answer"].to_list() == ["present", "missing", "unverified"]
    assert frame["doubt"].to_list() == [None, None, "silent"]
    assert frame["seen"][0] == 9 and 0.99 < frame["present"][0] <= 1.0
    total = frame["present"] + frame["elsewhere"] + frame["missing"]
    assert ((0.0 < total) & (total <= 1.0 + 1e-9)).all()
    assert found.counts() == {"present": 1, "elsewhere": 0, "missing": 1, "unverified": 1}
    assert "unverified" in found._repr_html_()
    nothing = pl.Series([None] * 3)
    unknown = boxes().with_columns(seen=nothing, missed=nothing)
    silent = reads.with_columns(rssi=pl.Series([None] * 9))
    found = ma.infer_inventory(unknown, visits(), silent, slots=SLOTS)
    assert pl.DataFrame(found)["answer"].to_list() == ["present", "unverified", "unverified"]
    none = ma.infer_inventory(boxes().clear(), visits().clear(), reads.clear(), slots=SLOTS)
    assert len(none.boxes) == 0 and none.findings == []


def test_broken_reads_are_named() -> None:
    reads = pl.DataFrame({"visit": ["0-0"], "tag": TAGS[:1], "antenna": [1]})

    def infer(**other: object) -> ma.Inventory:
        given = {"boxes": boxes(), "visits": visits(), "reads": reads, **other}
        return ma.infer_inventory(given["boxes"], given["visits"], given["reads"], slots=SLOTS)

    with pytest.raises(ma.InvalidInput, match="boxes.*has no column slot"):
        infer(boxes=boxes().drop("slot"))
    with pytest.raises(ma.InvalidInput, match="boxes row 1"):
        infer(boxes=boxes().with_columns(tag=pl.Series([TAGS[0], "no tag", TAGS[2]])))
    with pytest.raises(ma.InvalidInput, match="boxes row 0: lacks"):
        infer(boxes=boxes().with_columns(number=pl.Series([None, "X2", "X3"])))
    with pytest.raises(ma.InvalidInput, match="reads row 0.*antenna"):
        infer(reads=reads.with_columns(antenna=-1))
    with pytest.raises(ma.InvalidInput, match="rssi"):
        infer(reads=reads.with_columns(rssi=pl.lit(99_999)))
    with pytest.raises(ma.InvalidInput, match="not in the table of visits"):
        infer(reads=reads.with_columns(visit=pl.lit("other")))
    with pytest.raises(ma.InvalidInput, match="is a int, not a table"):
        infer(visits=3)
    with pytest.raises(ma.InvalidInput, match="visits row 0: HZ/R1/B1 aisle 4 is visited, .* the aisles 0 to 3"):
        infer(visits=visits(1).with_columns(aisle=4))
    with pytest.raises(ma.InvalidInput, match="visits row 0: HZ/R1/B2 aisle 0 is visited, and no slot is of that bank"):
        infer(visits=visits(1).with_columns(bank=pl.lit("HZ/R1/B2")))
    with pytest.raises(ma.InvalidInput, match="boxes row 0: lacks a value"):
        infer(boxes=boxes().with_columns(slot=pl.Series([None, None, None])))
    with pytest.raises(ma.InvalidInput, match="model"):
        ma.infer_inventory(boxes(), visits(), reads, slots=SLOTS, model={"nonsense": 1})
    with pytest.raises(ma.NotFound, match="HZ/R1/B9"):
        ma.infer_inventory(boxes(), visits(), reads, slots=SLOTS, antennas={"HZ/R1/B9": {1: 0}})


def profile(number: str, **other: object) -> ma.BoxProfile:
    given: dict[str, object] = {
        "fonds": "Z109", "year": 2024, "retention": "D30", "organisation": "BGS",
        "process": "new-connection-lv", "spine": 30, "mass": 2000, **other,
    }  # fmt: skip
    return ma.BoxProfile(number=number, **given)  # type: ignore[arg-type]


def test_a_slot_is_proposed_with_its_reasons() -> None:
    slots = dict.fromkeys(SLOTS, 50)
    found = ma.propose_slot(profile("X2"), slots, [(profile("X1"), SLOTS[0])], runners_up=2)
    assert found.best.slot in SLOTS and found.best.slot != SLOTS[0]
    assert found.possible == len(SLOTS) - 1 and found.ruled_out["taken"] == 1
    assert found.best.total <= found.runners_up[0].total + 1e-9
    assert "slots possible" in found._repr_html_()
    with pytest.raises(ma.Conflict, match="no slot takes it"):
        ma.propose_slot(profile("X2", spine=60), slots)
    with pytest.raises(ma.Conflict, match="already"):
        ma.propose_slot(profile("X1"), slots, [(profile("X1"), SLOTS[0])])
    with pytest.raises(ma.InvalidInput, match="thickness"):
        ma.propose_slot(profile("X2", spine=0), slots)
    with pytest.raises(ma.InvalidInput, match=r"box\.year: is -1"):
        ma.propose_slot(profile("X2", year=-1), slots)
    with pytest.raises(ma.NotFound):
        ma.propose_slot(profile("X2"), slots, policy="none.toml")
