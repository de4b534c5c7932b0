"""A controller written in Python, driven and proven."""

from __future__ import annotations

import asyncio
import time

import pytest

import marketing_archive as ma


class Cabinet:
    """A bank whose moves take 100 ms, with a bench around it."""

    def __init__(self) -> None:
        self.open: int | None = 0
        self.target = 0
        self.arrives: float | None = None
        self.inside = False
        self.line = True
        self.moves = 0

    def settle(self) -> None:
        if self.arrives is not None and time.monotonic() >= self.arrives:
            self.open, self.arrives = self.target, None

    async def state(self) -> ma.BankState:
        self.heard()
        moving = self.arrives is not None
        return ma.BankState(None if moving else self.open, moving, ("person",) if self.inside else ())

    async def command(self, target: str, aisle: int | None) -> None:
        self.heard()
        if self.inside:
            raise ma.Refused("somebody is inside")
        self.open, self.target, self.arrives = None, aisle or 0, time.monotonic() + 0.1
        self.moves += 1

    async def stop(self) -> None:
        self.heard()
        self.arrives = None

    def heard(self) -> None:
        self.settle()
        if not self.line:
            raise ma.Unavailable("the line is down")

    # The bench.
    def reset(self) -> None:
        self.inside, self.line = False, True

    def person(self, inside: bool) -> None:
        self.settle()
        self.inside = inside
        if inside:
            self.arrives = None

    def link(self, up: bool) -> None:
        self.line = up

    def moves_begun(self) -> int:
        return self.moves

    def really_open(self) -> int | None:
        self.settle()
        return None if self.arrives is not None else self.open


def shelf_over(cabinet: ma.Controller) -> ma.Shelf:
    return ma.Shelf(cabinet, name="cabinet 1", aisles=6, poll=0.005, call_limit=0.5, move_limit=5.0)


def test_a_controller_in_python_passes_the_kit() -> None:
    cabinet = Cabinet()
    shelf = shelf_over(cabinet)
    report = shelf.check(cabinet)
    assert report.is_green, str(report)
    assert "ok    person-ends-the-move" in str(report)
    assert "passed" in report._repr_html_()
    shelf.close()


def test_the_kit_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    cabinet = Cabinet()
    shelf = shelf_over(cabinet)
    told: list[tuple[str, str]] = []
    report = shelf.check(cabinet, progress=lambda check, found: told.append((check, found)))
    assert ("person-ends-the-move", "ok") in told and len(told) == len(str(report).splitlines()) - 1
    assert {found for _, found in told} <= {"ok", "skip"}

    def enough(check: str, found: str) -> None:
        raise RuntimeError(check)

    with pytest.raises(RuntimeError, match="capabilities-are-sound"):
        shelf.check(cabinet, progress=enough)
    assert shelf.check(progress=True).is_green
    assert "ok    device-answers" in capsys.readouterr().err
    shelf.close()


def test_a_closed_shelf_says_so() -> None:
    shelf = shelf_over(Cabinet())
    shelf.close()
    shelf.close()
    for call in (shelf.state(), shelf.stop(), shelf.open_aisle("move-1", 3)):
        with pytest.raises(ma.Conflict, match="shelf: is closed"):
            asyncio.run(call)
    with pytest.raises(ma.Conflict, match="is closed"):
        shelf.check()


def test_what_is_no_controller_is_refused() -> None:
    class Half:
        async def state(self) -> ma.BankState:
            return ma.BankState(None, False)

    with pytest.raises(TypeError, match="is a object without state, command, stop"):
        shelf_over(object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is a Half without command, stop"):
        shelf_over(Half())  # type: ignore[arg-type]
    for wrong in (float("nan"), -1.0, float("inf")):
        with pytest.raises(ma.InvalidInput, match="^poll: is "):
            ma.Shelf(Cabinet(), name="cabinet", aisles=6, poll=wrong)


def test_aisles_are_opened_from_asyncio() -> None:
    async def visit() -> None:
        cabinet = Cabinet()
        shelf = shelf_over(cabinet)
        assert await shelf.open_aisle("move-1", 3) == "done"
        assert await shelf.open_aisle("move-1", 3) == "done"
        assert cabinet.moves == 1, "the same name is the same move"
        assert (await shelf.state()).open == 3
        cabinet.inside = True
        with pytest.raises(ma.Refused, match="person"):
            await shelf.open_aisle("move-2", 1)
        cabinet.inside = False
        with pytest.raises(ma.InvalidInput, match="has no aisle"):
            await shelf.open_aisle("move-3", 99)
        with pytest.raises(ma.InvalidInput, match="operation id"):
            await shelf.open_aisle("", 1)
        running = asyncio.create_task(shelf.open_aisle("move-4", 5))
        await shelf.stop()
        try:
            assert (await running) in ("refused: stopped on request", "done")
        except ma.Refused as error:
            # The stop was there before the move was sent.
            assert "asked to stop" in str(error)
        cabinet.line = False
        with pytest.raises(ma.Unavailable, match="line is down"):
            await shelf.state()
        shelf.close()

    asyncio.run(visit())


def test_a_broken_controller_is_an_error_of_the_right_kind() -> None:
    class Broken(Cabinet):
        async def state(self) -> ma.BankState:
            if self.moves:
                raise ValueError("no sense in this answer")
            return await super().state()

        async def command(self, target: str, aisle: int | None) -> None:
            self.moves += 1
            raise RuntimeError("the library failed half-way")

    async def visit() -> None:
        shelf = shelf_over(Broken())
        with pytest.raises(ma.OutcomeUnknown, match="half-way"):
            await shelf.open_aisle("move-1", 3)
        with pytest.raises(ma.Unavailable, match="no sense"):
            await shelf.state()
        shelf.close()

    asyncio.run(visit())
    with pytest.raises(ma.InvalidInput, match="aisles"):
        ma.Shelf(Cabinet(), name="cabinet", aisles=0)
