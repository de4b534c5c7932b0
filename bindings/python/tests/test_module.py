"""The module from a user's side; reading needs the models of ``marketing_archive.setup()``."""

from __future__ import annotations

import os
import pathlib
import threading

import pytest

import marketing_archive as ma

SAMPLES = pathlib.Path(__file__).parents[3] / "samples"

RULE = """\
rule box-label version 1 effective 2024-01-01
  room = chars[A-Z]{2}
  n = sequence{4} start 1 per (room) gapless refuse-when-full
  format "{room}-{n}"
  sort room, n
"""


def test_a_rule_takes_numbers_apart() -> None:
    rule = ma.Rule(RULE)
    assert rule.parse("HZ-0042")["room"] == "HZ"
    with pytest.raises(ma.InvalidInput, match="HZ-42"):
        rule.parse("HZ-42")
    with pytest.raises(ma.InvalidInput, match="line 1"):
        ma.Rule("nonsense")


def test_exceptions_say_what_to_do(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ma.NotFound, match="archive init"):
        ma.Archive(tmp_path / "none")
    archive = ma.Archive.create(tmp_path / "holdings")
    with pytest.raises(ma.NotFound, match="is no archive number"):
        archive.locate("nothing")
    with pytest.raises(ma.InvalidInput, match="is no filing request"):
        archive.file(key="", customer={}, process="x", date="2024-05-01", documents=[])
    with pytest.raises(TypeError):
        archive.locate(3)  # type: ignore[arg-type]
    assert issubclass(ma.NotFound, ma.ArchiveError)


def test_broken_images_are_errors_by_kind(tmp_path: pathlib.Path) -> None:
    reader = ma.Reader()
    with pytest.raises(ma.NotFound):
        reader.read(tmp_path / "none.jpg")
    with pytest.raises(ma.ArchiveError, match="image"):
        reader.read(b"not an image")
    with pytest.raises(ma.ArchiveError):
        reader.read(b"")


def test_papers_are_read_verified_and_filed(tmp_path: pathlib.Path) -> None:
    reader = ma.Reader()
    reading = reader.read(SAMPLES / "contract.jpg")
    assert reading["doc_type"] == "supply_contract"
    assert reading["fields"]["account_no"]["value"] == "3342125369"
    cells = reader.verify(SAMPLES / "contract.jpg", {"account_no": "3342125369", "ct_ratio": "800/5"})
    assert {cell["field"]: cell["verdict"] for cell in cells} == {"account_no": "match", "ct_ratio": "mismatch"}

    archive = ma.Archive.create(tmp_path / "holdings")

    def file() -> dict[str, object]:
        return archive.file(
            key="request-1",
            customer={"number": "3342125369", "name": "徐州鑫达汽车零部件有限公司", "class": "business"},
            process="new-connection-lv",
            date="2012-05-10",
            documents=[SAMPLES / "contract.jpg"],
            record={"ct_ratio": "800/5"},
        )

    first, again = file(), file()
    assert not first["repeated"] and again["repeated"]
    assert first["reference_code"] == again["reference_code"]
    assert archive.locate("3342125369")[0]["filed"]["reference"] == first["reference_code"]
    assert archive.inventory()["boxes"][0]["sighting"] == "present"


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


def test_stubs_name_what_the_module_has() -> None:
    stub = pathlib.Path(os.fspath(ma.__file__)).with_name("_native.pyi").read_text(encoding="utf-8")
    from marketing_archive import _native

    public = {name for name in dir(_native) if not name.startswith("_")}
    assert public == {line.split()[1].split("(")[0].rstrip(":") for line in stub.splitlines() if line.startswith(("class ", "def "))}
