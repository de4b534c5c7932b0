"""What an archive does on its shelves, for its contents, for the printer and for others, from Python."""

from __future__ import annotations

import datetime
import pathlib

import pytest

import marketing_archive as ma

SAMPLES = pathlib.Path(__file__).parents[3] / "samples"


def filed(archive: ma.Archive, key: str = "request-1") -> ma.Answer:
    return archive.file(
        key=key,
        customer={"number": "3342125369", "name": "徐州鑫达汽车零部件有限公司", "class": "business"},
        process="new-connection-lv",
        date="2024-05-10",
        documents=[SAMPLES / "contract.jpg"],
        record={"ct_ratio": "800/5"},
    )


def test_contents_are_checked_damaged_and_restored(tmp_path: pathlib.Path) -> None:
    archive = ma.Archive.create(tmp_path / "holdings")
    reference = filed(archive)["reference_code"]
    (document,) = archive.locate(reference)[0]["documents"]
    scan = (SAMPLES / "contract.jpg").read_bytes()
    assert archive.content(document) == scan
    assert archive.check_natures(reference, occasion="filing")["results"]
    assert archive.check_natures()["results"]
    with pytest.raises(ma.InvalidInput, match="occasion"):
        archive.check_natures(reference, occasion='mid"day')  # type: ignore[arg-type]
    with pytest.raises(ma.NotFound):
        archive.check_natures("Z999-KH·2024-D30-BGS-9999")
    sound = archive.fixity_scan()
    assert sound["checked"] >= 1 and sound["damaged"] == []
    place = next(p for p in (tmp_path / "holdings" / "content").rglob("*") if p.is_file() and p.read_bytes() == scan)
    place.chmod(0o644)
    place.write_bytes(scan[:-1] + b"?")
    with pytest.raises(ma.Corrupt):
        archive.content(document)
    assert len(archive.fixity_scan()["damaged"]) == 1
    assert len(archive.restore(tmp_path / "holdings" / "content")["lost"]) == 1
    copy = tmp_path / "copies" / document["path"]
    copy.parent.mkdir(parents=True)
    copy.write_bytes(scan)
    copies = tmp_path / "copies"
    assert len(archive.restore(copies)["restored"]) == 1
    assert archive.content(document) == scan
    with pytest.raises(ma.InvalidInput, match="document"):
        archive.content({"id": "x"})


def test_lists_covers_and_labels_are_written(tmp_path: pathlib.Path) -> None:
    archive = ma.Archive.create(tmp_path / "holdings")
    outcome = filed(archive)
    reference, number = outcome["reference_code"], outcome["box_number"]
    out = tmp_path / "out"
    out.mkdir()
    for kind in ("csv", "xlsx"):
        assert archive.write_item_catalogue(out / f"items.{kind}")["rows"] == 1
        assert archive.write_box_catalogue(number, out / f"box.{kind}")["rows"] == 1
        assert archive.write_volume_catalogue(reference, out / f"volume.{kind}")["rows"] == 1
        handed = archive.write_hand_over_list(
            [reference], out / f"hand-over.{kind}", giver="甲", taker="乙", day=datetime.date(2025, 1, 2)
        )
        assert handed["rows"] == 1
    assert archive.write_item_catalogue(out / "other.csv", year=1999)["rows"] == 0
    assert reference in (out / "items.csv").read_text("utf-8-sig")
    written = [
        archive.write_volume_cover(reference, out / "cover.pdf"),
        archive.write_box_note(number, out / "note.pdf", arranger="张"),
        archive.write_spine_labels([number], out / "spines.pdf"),
        archive.write_item_catalogue(out / "items.pdf"),
    ]
    assert all(w["pages"] == 1 and w["lacking"] == [] for w in written)
    assert (out / "cover.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(ma.InvalidInput, match=r"\.pdf, \.xlsx or \.csv"):
        archive.write_item_catalogue(out / "items.docx")
    with pytest.raises(ma.InvalidInput, match=r"must end in \.pdf"):
        archive.write_volume_cover(reference, out / "cover.csv")
    with pytest.raises(ma.NotFound):
        archive.write_spine_labels(["no box"], out / "none.pdf")
    with pytest.raises(ma.ArchiveError, match="nowhere"):
        archive.write_item_catalogue(out / "nowhere" / "items.csv")


@pytest.mark.parametrize("layout", ["bagit", "medium", "medium-gb18030"])
def test_packages_go_round_or_are_refused(tmp_path: pathlib.Path, layout: str) -> None:
    archive, other = ma.Archive.create(tmp_path / "a"), ma.Archive.create(tmp_path / "b")
    reference = filed(archive)["reference_code"]
    package = tmp_path / "package"
    done = archive.export([reference], package, layout=layout)  # type: ignore[arg-type]
    assert done["files"] == 1 and done["documents"] == 1
    report = ma.validate_package(package)
    assert report["faults"] == [] and report["files"] >= 1 and layout.startswith(report["layout"])
    (taken,) = other.take_in(package)
    assert taken["reference"] == reference and not taken["outcome"]["repeated"]
    assert other.take_in(package)[0]["outcome"]["repeated"]
    scan = next(p for p in package.rglob("*.jpg"))
    scan.chmod(0o644)
    scan.write_bytes(scan.read_bytes() + b"?")
    assert ma.validate_package(package)["faults"]
    with pytest.raises((ma.Corrupt, ma.InvalidInput)):
        other.take_in(package)
    with pytest.raises(ma.Conflict):
        archive.export([reference], package)
    with pytest.raises(ma.InvalidInput, match="no layout"):
        archive.export([reference], tmp_path / "zip", layout="zip")  # type: ignore[arg-type]
    with pytest.raises(ma.ArchiveError):
        ma.validate_package(tmp_path / "none")


def test_evidence_and_reading_copies_say_what_for(tmp_path: pathlib.Path) -> None:
    archive = ma.Archive.create(tmp_path / "holdings")
    reference = filed(archive)["reference_code"]
    package = archive.evidence_package(reference, tmp_path / "evidence", purpose="suit 7")
    assert ma.validate_package(package)["faults"] == []
    copy = archive.reading_copy(reference, tmp_path / "copy.pdf", reader="li", purpose="dispute")
    assert copy["written"]["pages"] >= 1 and copy["not_shown"] == []
    with pytest.raises(ma.ArchiveError):
        archive.reading_copy(reference, tmp_path / "copy.pdf", reader="li", purpose="", documents=["none"])
    with pytest.raises(ma.NotFound):
        archive.evidence_package("Z999-KH·2024-D30-BGS-9999", tmp_path / "none", purpose="suit")
    impact = archive.policy_impact(pathlib.Path(__file__).parents[3] / "archive-core/policy/reference.toml")
    assert impact
    with pytest.raises(ma.ArchiveError, match="none.toml"):
        archive.policy_impact(tmp_path / "none.toml")
    with pytest.raises(ma.InvalidInput, match="range of its own"):
        archive.merge_site(ma.Archive.create(tmp_path / "site"))


def test_slots_rounds_and_relocations(tmp_path: pathlib.Path) -> None:
    archive = ma.Archive.create(tmp_path / "holdings")
    outcome = filed(archive)
    number, slot = outcome["box_number"], outcome["slot"]
    proposal = archive.propose_slot_for_new(
        process="new-connection-lv", customer_class="business", year=2024, spine=30, runners_up=1
    )
    assert proposal["best"]["slot"] != slot
    assert archive.propose_slot(number)["best"]["slot"]
    with pytest.raises(ma.Unsupported):
        archive.propose_slot_for_new(
            process="new-connection-lv", customer_class="residential", year=2024, spine=30
        )
    with pytest.raises(ma.NotFound):
        archive.propose_slot("no box")
    assert archive.advise_slots(most=3)
    assert archive.space(months=12)
    with pytest.raises(ma.InvalidInput):
        archive.space(months=100_000)
    (tight,) = archive.reboxing_proposals(least_saving=10)
    assert tight["saved"] >= 10 and tight["emptied"] == []
    assert archive.reboxing_proposals(least_saving=1000) == []
    bank, column = "/".join(slot.split("/")[:3]), slot.split("/")[3]
    archive.block_column(bank, column, reason="faulty")
    assert archive.blocked_columns() == [{"bank": bank, "column": column, "block": "faulty"}]
    archive.block_column(bank, column, reason=None)
    assert archive.blocked_columns() == []
    with pytest.raises(ma.InvalidInput, match="reason to block"):
        archive.block_column(bank, column, reason='"')  # type: ignore[arg-type]
    fetched = archive.plan_retrieval([number])
    assert len(fetched["boxes"]) == 1
    assert archive.plan_inventory_walk(stay=datetime.timedelta(seconds=5))["boxes"]
    with pytest.raises(ma.NotFound):
        archive.plan_retrieval(["no box"])
    to = proposal["best"]["slot"]
    planned = archive.plan_relocation({number: to}, key="move-1")
    assert len(planned["moves"]) == 1 and archive.relocations() == ["move-1"]
    assert archive.receive_relocated("move-1", number)
    assert archive.locate(number)[0]["filed"]["place"]["slot"] == to
    archive.undo_relocation("move-1")
    assert archive.relocation("move-1")["key"] == "move-1"
    carried = archive.carry_out_relocation("move-1")
    assert carried["received"] == [number] and carried["stopped"] is None
    with pytest.raises(ma.NotFound):
        archive.relocation("move-2")


def test_the_catalogue_follows_what_readers_saw(tmp_path: pathlib.Path) -> None:
    archive = ma.Archive.create(tmp_path / "holdings")
    number = filed(archive)["box_number"]
    followed = archive.synchronise()
    assert followed["changes"] == []
    assert archive.sync_changes() == []
    with pytest.raises(ma.NotFound):
        archive.undo_sync("none")
    with pytest.raises(ma.NotFound):
        archive.accept_inventory("none", boxes=[number])
    assert archive.accept_inventory(archive.inventory()["key"])["changes"] == []
    assert archive.overdue() == []
