"""The archive from a user's side; filing needs the models of ``marketing_archive.setup()``."""

from __future__ import annotations

import datetime
import pathlib
import threading

import pytest

import marketing_archive as ma

SAMPLES = pathlib.Path(__file__).parents[3] / "samples"


def file_contract(archive: ma.Archive) -> ma.Answer:
    return archive.file(
        key="request-1",
        customer={"number": "3342125369", "name": "徐州鑫达汽车零部件有限公司", "class": "business"},
        process="new-connection-lv",
        date=datetime.date(2012, 5, 10),
        documents=[SAMPLES / "contract.jpg"],
        record={"ct_ratio": "800/5"},
    )


def test_exceptions_say_what_to_do(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ma.NotFound, match="Archive.create"):
        ma.Archive(tmp_path / "none")
    archive = ma.Archive.create(tmp_path / "holdings")
    with pytest.raises(ma.NotFound, match="is no archive number"):
        archive.locate("nothing")
    with pytest.raises(ma.InvalidInput, match="is no filing request: key: "):
        archive.file(key="", customer={}, process="x", date="2024-05-01", documents=[])
    with pytest.raises(TypeError):
        archive.locate(3)  # type: ignore[arg-type]
    assert issubclass(ma.NotFound, ma.ArchiveError)


def test_papers_are_filed_lent_moved_and_found(tmp_path: pathlib.Path) -> None:
    with ma.Archive.create(tmp_path / "holdings") as archive:
        first, again = file_contract(archive), file_contract(archive)
        assert not first["repeated"] and again["repeated"]
        assert first["reference_code"] == again["reference_code"]
        assert archive.locate("3342125369")[0]["filed"]["reference"] == first["reference_code"]
        assert archive.inventory()["boxes"][0]["sighting"] == "present"
        assert "3342125369" in archive.locate("3342125369")._repr_html_()
        assert "reference_code" in first._repr_html_()

        loan = archive.lend(first["reference_code"], key="loan-1", borrower="Audit office", purpose="review")
        assert loan["request"]["reference"] == first["reference_code"]
        assert len(archive.open_loans()) == 1
        with pytest.raises(ma.Conflict, match="loan"):
            archive.lend(first["reference_code"], key="loan-2", borrower="Legal", purpose="dispute")
        archive.give_back("loan-1")
        assert archive.open_loans() == []
        with pytest.raises(ma.NotFound):
            archive.give_back("never-lent")

        with pytest.raises(ma.NotFound):
            archive.move_box(first["box_number"], "HZ/R9/B9/C99/A/01/1/01")
        assert archive.audit() == []
    with pytest.raises(ma.Conflict, match="is closed"):
        archive.locate("3342125369")
    archive.close()


def test_another_archive_s_names_are_not_found(tmp_path: pathlib.Path) -> None:
    one, other = ma.Archive.create(tmp_path / "one"), ma.Archive.create(tmp_path / "other")
    filed = file_contract(one)
    with pytest.raises(ma.NotFound):
        other.locate(filed["reference_code"])


def test_threads_share_an_archive(tmp_path: pathlib.Path) -> None:
    archive = ma.Archive.create(tmp_path / "holdings")
    errors: list[Exception] = []

    def look() -> None:
        for _ in range(20):
            try:
                archive.locate("nothing")
            except ma.NotFound:
                pass
            except Exception as error:  # noqa: BLE001 - any other is the finding
                errors.append(error)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
