"""Exceptions go to other processes whole, and name the argument that was wrong, its value and what is wanted."""

from __future__ import annotations

import concurrent.futures
import copy
import datetime
import multiprocessing
import pathlib
import pickle
import re
from typing import Any

import pandas as pd
import pytest

import marketing_archive as ma

KINDS = [
    ma.ArchiveError,
    ma.Conflict,
    ma.Corrupt,
    ma.Denied,
    ma.Internal,
    ma.InvalidInput,
    ma.NotFound,
    ma.OutcomeUnknown,
    ma.Refused,
    ma.Unavailable,
    ma.Unsupported,
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_is_the_module_s_and_survives_a_pickle(kind: type[ma.ArchiveError]) -> None:
    assert (kind.__module__, getattr(ma, kind.__name__)) == ("marketing_archive", kind)
    raised = kind("slot HZ: is not in the catalogue")
    for again in (pickle.loads(pickle.dumps(raised)), copy.copy(raised), copy.deepcopy(raised)):
        assert type(again) is kind and again.args == raised.args and str(again) == str(raised)


def raises() -> None:
    ma.Rule.shipped("none of them")


def test_another_process_tells_what_it_raised() -> None:
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        with pytest.raises(ma.NotFound, match="none of them"):
            pool.submit(raises).result(timeout=300)


def test_messages_name_what_python_runs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ma.NotFound, match=re.escape("`marketing_archive.Archive.create(path)`")):
        ma.Archive(tmp_path)
    with pytest.raises(ma.Unavailable, match="`python -m marketing_archive setup`"):
        ma.Reader(tmp_path)


@pytest.fixture
def archive(tmp_path: pathlib.Path) -> ma.Archive:
    return ma.Archive.create(tmp_path / "holdings")


REQUEST: dict[str, Any] = {
    "key": "request-1",
    "customer": {"number": "3342125369", "name": "徐州鑫达汽车零部件有限公司", "class": "business"},
    "process": "new-connection-lv",
    "date": "2012-05-10",
    "documents": [],
}


@pytest.mark.parametrize(
    ("wrong", "kind", "said"),
    [
        ({"date": "10.05.2012"}, ma.InvalidInput, "date: is '10.05.2012' (str), which is no day: write it as YYYY-MM-DD"),
        ({"date": "2012-02-30"}, ma.InvalidInput, "date: is '2012-02-30'"),
        ({"date": "２０１２-05-10"}, ma.InvalidInput, "YYYY-MM-DD"),
        ({"date": None}, TypeError, "date: is None"),
        ({"date": pd.NaT}, TypeError, "date: is NaT"),
        ({"date": 20120510}, TypeError, "date: is 20120510 (int)"),
        ({"key": None}, TypeError, "key: is None"),
        ({"customer": {**REQUEST["customer"], "number": 3342125369}}, TypeError, 'customer["number"]: is 3342125369'),
        ({"customer": {**REQUEST["customer"], "class": "x"}}, ma.InvalidInput, "customer.class: unknown variant `x`"),
        ({"customer": {"number": "1", "name": "n"}}, ma.InvalidInput, "customer: missing field `class`"),
        ({"documents": "contract.jpg"}, TypeError, "documents: is 'contract.jpg' (str): give a list, also of one"),
        ({"documents": pathlib.Path("contract.jpg")}, TypeError, "documents: is PosixPath('contract.jpg')"),
        ({"documents": {"path": "contract.jpg"}}, TypeError, "documents: is {'path'"),
        ({"documents": [None]}, TypeError, "documents[0]: is None: give a path"),
        ({"documents": [{"form": "copy"}]}, ma.InvalidInput, "documents[0]: has no path"),
        ({"documents": [{"path": "a.jpg", "form": "x"}]}, ma.InvalidInput, "documents"),
        ({"record": {"ct_ratio": 800}}, TypeError, 'record["ct_ratio"]: is 800 (int): give a text: "800"'),
        ({"record": {"ct_ratio": float("nan")}}, TypeError, 'record["ct_ratio"]: is nan'),
        ({"facts": {"shared": float("inf")}}, ma.InvalidInput, 'facts["shared"]: is inf'),
        ({"facts": {"shared": datetime.date(2024, 1, 1)}}, TypeError, 'facts["shared"]: is datetime.date'),
        ({"stage": 3}, TypeError, "stage: is 3"),
    ],
)
def test_a_wrong_request_names_its_key(archive: ma.Archive, wrong: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=re.escape(said)):
        archive.file(**{**REQUEST, **wrong})


@pytest.mark.parametrize(
    "day",
    ["2012-05-10", datetime.date(2012, 5, 10), datetime.datetime(2012, 5, 10, 9, 30), pd.Timestamp("2012-05-10 09:30")],
)
def test_a_day_is_a_date_or_its_text(archive: ma.Archive, day: Any) -> None:
    with pytest.raises(ma.ArchiveError) as raised:
        archive.file(**{**REQUEST, "date": day, "documents": ["none.jpg"]})
    assert "date" not in str(raised.value) and "none.jpg" in str(raised.value)
    assert archive.due_for_disposal(day) == []
    assert archive.reminders(day) == []


def test_times_of_loans_are_datetimes(archive: ma.Archive) -> None:
    for wrong in ("2024-05-01", datetime.date(2024, 5, 1), pd.NaT):
        with pytest.raises(TypeError, match=r"due: is .*give a datetime\.datetime"):
            archive.lend("x", key="k", borrower="b", purpose="p", due=wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"now: is "):
            archive.overdue(now=wrong)  # type: ignore[arg-type]


def test_one_text_is_no_list_of_texts(archive: ma.Archive, tmp_path: pathlib.Path) -> None:
    calls: dict[str, Any] = {
        "references": lambda one: archive.export(one, tmp_path / "package"),
        "boxes": lambda one: archive.send(one, key="c-1", to="XS"),
        "numbers": lambda one: archive.write_spine_labels(one, tmp_path / "spines.pdf"),
        "names": lambda one: archive.plan_retrieval(one),
        "documents": lambda one: archive.reading_copy("x", tmp_path / "copy.pdf", reader="r", purpose="p", documents=one),
        "slots": lambda one: ma.infer_inventory(None, None, None, slots=one),
        "ignore": lambda one: ma.reconcile(None, None, key="k", ignore=one),
        "fields": lambda one: ma.Reader(fields=one),
    }
    for name, call in calls.items():
        with pytest.raises(TypeError, match=rf"^{name}: is 'H0001' \(str\): give a list"):
            call("H0001")
        with pytest.raises(TypeError, match=rf"^{name}\[1\]: is 7"):
            call(["H0001", 7])
