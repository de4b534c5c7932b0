"""Page images from paths, bytes, PIL and NumPy; needs the models of ``marketing_archive.setup()``."""

from __future__ import annotations

import io
import pathlib
import threading

import numpy as np
import PIL.Image
import pytest

import marketing_archive as ma

SAMPLES = pathlib.Path(__file__).parents[3] / "samples"
CONTRACT = SAMPLES / "contract.jpg"


@pytest.fixture(scope="module")
def reader() -> ma.Reader:
    return ma.Reader()


def test_a_page_is_read_and_verified(reader: ma.Reader) -> None:
    reading = reader.read(CONTRACT)
    assert reading.document_type == "supply_contract"
    account = reading.fields["account_no"]
    assert account.value == "3342125369" and account.confidence > 0.9
    assert 0 <= account.region.x0 < account.region.x1 <= reading.width
    evidence = {e.field: e for e in reading.verify({"account_no": "3342125369", "ct_ratio": "800/5"})}
    assert evidence["account_no"].verdict == "match"
    wrong = evidence["ct_ratio"]
    assert wrong.verdict == "mismatch" and wrong.claimed == "800/5" and wrong.suspicion > 5
    assert wrong.differences and wrong.differences[0].claimed == "8"
    assert evidence == {e.field: e for e in reader.verify(CONTRACT, {"account_no": "3342125369", "ct_ratio": "800/5"})}
    shown = reading._repr_html_()
    assert "3342125369" in shown and "data:image/jpeg;base64," in shown


def test_fields_and_rules_of_ones_own_are_read(tmp_path: pathlib.Path) -> None:
    fields = tmp_path / "fields.toml"
    text = '[field.contract_no]\nlabels = ["合同编号"]\nkind = "identifier"\nform = "<合同编号>|<own>"\n'
    fields.write_text(text)
    rule = tmp_path / "own.rule"
    rule.write_text('rule own version 1 effective 2024-01-01\n  n = sequence{4} start 1 refuse-when-full\n  format "X{n}"\n')
    reading = ma.Reader(fields=[fields], rules=[rule]).read(CONTRACT)
    assert reading.fields["contract_no"].value == ma.Reader().read(CONTRACT).fields["contract_no"].value
    with pytest.raises(ma.InvalidInput, match="fields.toml.*there is no list"):
        ma.Reader(fields=[fields])
    rule.write_text("no rule")
    with pytest.raises(ma.InvalidInput, match="own.rule.*no sound rule"):
        ma.Reader(fields=[fields], rules=[rule])


def test_every_way_to_give_an_image_reads_alike(reader: ma.Reader) -> None:
    expected = {name: f.value for name, f in reader.read(CONTRACT).fields.items()}
    picture = PIL.Image.open(CONTRACT)
    lossless = io.BytesIO()
    picture.save(lossless, "PNG")
    array = np.asarray(picture.convert("RGB"))
    strided = np.repeat(array, 2, axis=1)[:, ::2]
    ways = {
        "bytes": CONTRACT.read_bytes(),
        "memoryview": memoryview(lossless.getvalue()),
        "PIL": picture,
        "RGBA": picture.convert("RGBA"),
        "array": array,
        "Fortran order": np.asfortranarray(array),
        "not contiguous": strided,
        "brightness": np.ascontiguousarray(array[:, :, 0]),
    }
    assert not strided.flags["C_CONTIGUOUS"]
    for way, image in ways.items():
        assert {name: f.value for name, f in reader.read(image).fields.items()} == expected, way


def test_broken_images_are_errors_by_kind(reader: ma.Reader, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ma.NotFound, match="none.jpg"):
        reader.read(tmp_path / "none.jpg")
    with pytest.raises(ma.ArchiveError, match="image"):
        reader.read(b"not an image")
    with pytest.raises(ma.ArchiveError, match="empty"):
        reader.read(b"")
    with pytest.raises(ma.InvalidInput, match="float64"):
        reader.read(np.zeros((100, 100)))
    with pytest.raises(ma.InvalidInput, match="shape"):
        reader.read(np.zeros((100, 100, 7), np.uint8))
    with pytest.raises(ma.InvalidInput, match="no page"):
        reader.read(np.zeros((0, 0), np.uint8))
    with pytest.raises(TypeError, match="is a int"):
        reader.read(3)
    reading = reader.read(CONTRACT)
    assert [e.verdict for e in reading.verify({"no_such_field": "1"})] == ["unreadable"]
    with pytest.raises(ma.InvalidInput, match="field name"):
        reading.verify({"": "1"})
    for wrong in (400, 400.0, None, float("nan"), b"400"):
        for verify in (reading.verify, lambda record: reader.verify(CONTRACT, record)):
            with pytest.raises(TypeError, match=r'record\["contract_capacity_kva"\]: is .*give a text'):
                verify({"ct_ratio": "800/5", "contract_capacity_kva": wrong})  # type: ignore[dict-item]
    with pytest.raises(ma.ArchiveError):
        ma.Reader(tmp_path)


def test_threads_share_a_reader(reader: ma.Reader) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(reader.read(CONTRACT).fields["account_no"].value))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["3342125369"] * 8
