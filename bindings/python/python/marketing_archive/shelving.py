"""Mobile shelving behind a controller that is written in Python.

A vendor writes a class with three ``async`` methods; the driver around it keeps order, names of moves, stops and
outcomes, and the conformance kit proves both together.
"""

from __future__ import annotations

import asyncio
import datetime
import sys
import threading
from dataclasses import dataclass
from typing import Any, Callable, Coroutine, Literal, Protocol, TypeVar

from . import _given, _html, _native

T = TypeVar("T")

Interlock = Literal["person", "obstacle", "pressure", "door", "lock", "smoke", "overload", "limit", "drive"]
Target = Literal["open", "close", "ventilate"]

Progress = Callable[[str, str], None]
"""Called with the name of a check of the kit, and what it found."""

_CALLS = ("state", "command", "stop")
"""What a controller has."""


@dataclass(frozen=True)
class BankState:
    """What a device reports of a bank, at one moment."""

    open: int | None
    """The aisle that stands fully open, from 0."""
    moving: bool
    """Whether a carriage moves."""
    interlocks: tuple[str, ...] = ()
    """The protections that are on: ``Interlock``. One that nobody knows counts as ``drive``."""


class Controller(Protocol):
    """One bank behind a vendor's library.

    What went wrong is told by the exception's class, since carriages are moved by it: ``Unavailable`` where no
    byte left, ``Refused`` where the device said no. Every other exception of ``command`` and ``stop`` counts as
    "maybe executed". ``stop`` may come while another call is under way.
    """

    async def state(self) -> BankState:
        """Where the carriages are, as the device reports it: never an earlier state."""

    async def command(self, target: Target, aisle: int | None) -> None:
        """Set carriages in motion; return as soon as the device took the command."""

    async def stop(self) -> None:
        """Stop all carriages, also those that stand still already."""


class Rig(Protocol):
    """Hands around a controller, for the kit. Methods that are missing make it skip what needs them; others are
    ``lose_next_answer``, ``lose_next_report``, ``moves_begun() -> int`` and ``really_open() -> int | None``."""

    def reset(self) -> None:
        """Bring the surroundings to rest: nobody inside, no interlock, the line up."""


@dataclass(frozen=True)
class KitReport:
    """What the conformance kit found."""

    is_green: bool
    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<pre>{_html.cell(self.text)}</pre>"


class Shelf:
    """Drives one bank through a ``Controller``, whose coroutines run on an event loop of their own."""

    def __init__(
        self,
        controller: Controller,
        *,
        name: str,
        aisles: int,
        ventilate: bool = False,
        poll: float = 0.2,
        call_limit: float = 1.0,
        move_limit: float = 60.0,
    ) -> None:
        """Times are seconds: how often a running move is looked at, the longest that a call and a move take.

        Raises ``TypeError``, naming what is missing, where ``controller`` is none."""
        missing = [call for call in _CALLS if not callable(getattr(controller, call, None))]
        if missing:
            kind, lacking = type(controller).__name__, ", ".join(missing)
            raise TypeError(f"controller: is a {kind} without {lacking}: give an object with state, command and stop")
        limits = {
            "poll": _seconds("poll", poll),
            "call_limit": _seconds("call_limit", call_limit),
            "move_limit": _seconds("move_limit", move_limit),
        }
        self._controller = controller
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"controller of {name}", daemon=True)
        self._thread.start()
        self._call_limit = call_limit
        self._native: _native.Shelf | None = None
        try:
            self._native = _native.Shelf(
                name,
                aisles=aisles,
                ventilate=ventilate,
                **limits,
                state=self._state,
                command=self._command,
                stop=self._stop,
            )
        finally:
            if self._native is None:
                self.close()

    @property
    def _open(self) -> _native.Shelf:
        if self._native is None:
            raise _native.Conflict("shelf: is closed: make a new one over the controller")
        return self._native

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        # Called from a thread of the driver, which gives up after the limit by itself.
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        try:
            return future.result(self._call_limit)
        except TimeoutError:
            future.cancel()
            raise

    def _state(self) -> tuple[int | None, bool, list[str]]:
        state = self._run(self._controller.state())
        return state.open, state.moving, list(state.interlocks)

    def _command(self, target: Target, aisle: int | None) -> None:
        self._run(self._controller.command(target, aisle))

    def _stop(self) -> None:
        self._run(self._controller.stop())

    async def open_aisle(self, operation: str, aisle: int) -> str:
        """Open an aisle and wait for the end: ``done``, or ``refused: …`` or ``outcome unknown: …``.

        ``operation`` names the move: the same name again is the same move and moves nothing. Cancelling the
        task stops nothing: call ``stop``.
        """
        return await asyncio.to_thread(self._open.open_aisle, operation, aisle)

    async def state(self) -> BankState:
        """Where the carriages are."""
        open_aisle, moving, interlocks = await asyncio.to_thread(self._open.state)
        return BankState(open_aisle, moving, tuple(interlocks))

    async def stop(self) -> None:
        """Stop all carriages; never waits behind anything else."""
        await asyncio.to_thread(self._open.stop)

    def check(self, rig: Rig | None = None, *, progress: bool | Progress = False) -> KitReport:
        """Run the conformance kit. Carriages really move. Without a rig, what needs hands is skipped.

        ``progress`` is ``True`` for a line on standard error for each check that is done, or a function of its name
        and of what it found: ``ok``, ``skip`` or ``FAIL``. What it raises ends the kit, as Ctrl-C does, once the next
        check is done.
        """
        told = _line if progress is True else None if progress is False else progress
        return KitReport(*self._open.check(None if rig is None else _asked(rig), told))

    def close(self) -> None:
        """Give the bank up and end the event loop. Every later call raises ``Conflict``; closing again does nothing."""
        self._native = None
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)


def _seconds(name: str, value: float) -> datetime.timedelta:
    return datetime.timedelta(seconds=_given.seconds(name, value))


def _line(check: str, found: str) -> None:
    print(f"{found:5} {check}", file=sys.stderr, flush=True)


def _asked(rig: Rig) -> Any:
    def ask(verb: str, value: bool) -> tuple[bool, int | None]:
        method = getattr(rig, verb, None)
        if method is None:
            return False, None
        answer = method(value) if verb in ("person", "link") else method()
        return True, None if answer is None else int(answer)

    return ask
