"""The link to the panel: one thread that holds the device, reports cards in time, and hears.

A card that the panel does not take at once is withdrawn: it must not open a door later.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Protocol

from edgeverify.backoff import Backoff
from edgeverify.errors import KeyUnusableError
from edgeverify.osdp_key import load_osdp_key
from edgeverify.panel.card_bits import CardBits
from edgeverify.panel.commands import PanelCommand
from edgeverify.settings import OsdpReaderSettings

if TYPE_CHECKING:
    from edgeverify.panel.device import PanelDevice

LOG = logging.getLogger(__name__)

TURN_SECONDS = 0.05
TAKEN_SECONDS = 2.0
"""A panel asks its readers several times per second; a card that waits longer is withdrawn."""
SILENT_SECONDS = 3.0
"""Without a byte for this long nobody is there, whatever libosdp still believes (for 8 s)."""
NAMED_SECONDS = 10.0
"""A panel that is not there for this long is a fault."""
LONGEST_PAUSE_SECONDS = 5.0
MAX_WAITING = 4


class PanelGoneError(Exception):
    """The port cannot be used: a sentence for people."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A card for the panel; worth nothing from `until` on (monotonic seconds)."""

    event_id: str
    card: CardBits
    until: float


class Listener(Protocol):
    """Hears from the link, on its thread."""

    def taken(self, report: Report) -> None:
        """Hear that the panel has a card."""

    def dropped(self, report: Report) -> None:
        """Hear that the panel does not have it, and never will."""

    def said(self, command: PanelCommand) -> None:
        """Hear what the panel wants its reader to show."""


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """`problem` is a sentence for people once the panel has been away for long enough."""

    is_there: bool = False
    problem: str = ""


@dataclass(slots=True, eq=False)
class _Held:
    """One open device, and what was seen of the panel through it."""

    device: PanelDevice
    since: float
    received: int = 0
    heard_at: float = float("-inf")
    there_at: float = float("-inf")
    pending: Report | None = None


class PanelLink:
    """`report` and `health` are for any thread, and never wait."""

    def __init__(
        self,
        settings: OsdpReaderSettings,
        folder: Path,
        listener: Listener,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`folder` is the config's, from which the key's name starts."""
        self._settings = settings
        self._folder = folder
        self._listener = listener
        self._now = monotonic
        self._waiting: Queue[Report] = Queue(MAX_WAITING)
        self.health = LinkHealth()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="panel", daemon=True)

    def start(self) -> None:
        """Begin to look for the panel."""
        self._thread.start()

    def stop(self, patience_seconds: float) -> None:
        """Answer no more; a card under way is withdrawn."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(patience_seconds)

    def report(self, report: Report) -> bool:
        """Hand a card over; False, and nothing is kept, where the panel is not there."""
        if not self.health.is_there:
            return False
        try:
            self._waiting.put_nowait(report)
        except Full:
            return False
        return True

    def _run(self) -> None:
        pauses = Backoff(first_seconds=0.5, longest_seconds=LONGEST_PAUSE_SECONDS)
        while not self._stop.is_set():
            try:
                self._hold(pauses)
            except PanelGoneError as error:
                problem = str(error)
            except Exception:  # a link that dies would keep the door shut for ever
                LOG.exception("the link to the panel stumbled")
                problem = "It failed; the log has the traceback."
            else:
                return
            self.health = LinkHealth(problem=problem)
            self._drop_waiting()
            self._stop.wait(pauses.next_pause())

    def _hold(self, pauses: Backoff) -> None:
        """Be the panel's reader until the port is gone or `stop`."""
        held = _Held(self._open(), self._now())
        try:
            while not self._stop.is_set():
                self._turn(held)
                if self.health.is_there:
                    pauses.reset()
        finally:
            self.health = LinkHealth(problem=self.health.problem)
            held.device.withdraw()
            if held.pending is not None:
                self._listener.dropped(held.pending)
            self._drop_waiting()
            held.device.close()

    def _open(self) -> PanelDevice:
        wanted = self._settings
        try:
            module = importlib.import_module("edgeverify.panel.device")
        except ImportError:
            raise PanelGoneError(
                "libosdp or pyserial is missing: pip install 'edgeverify[readers]'."
            ) from None
        try:
            key = load_osdp_key(self._folder / wanted.key_file) if wanted.key_file else None
        except KeyUnusableError as error:
            raise PanelGoneError(f"{error.problem}.") from None
        try:
            device: PanelDevice = module.PanelDevice(wanted, key)
        except (OSError, ValueError) as error:  # a SerialException is an OSError
            raise PanelGoneError(f"{wanted.port} cannot be opened: {error}.") from None
        return device

    def _turn(self, held: _Held) -> None:
        report = None
        if held.pending is None:
            with suppress(Empty):
                report = self._waiting.get(timeout=TURN_SECONDS)
        else:
            self._stop.wait(TURN_SECONDS)
        device = held.device
        if device.port.problem or not device.is_alive:
            why = device.port.problem or "libosdp's thread ended"
            if report is not None:
                self._listener.dropped(report)
            raise PanelGoneError(f"{self._settings.port} has gone: {why}.")
        self._look(held)
        for command in device.commands():
            self._listener.said(command)
        if report is not None:
            self._hand_over(held, report)
        self._settle(held)

    def _look(self, held: _Held) -> None:
        now, device = self._now(), held.device
        if device.port.received != held.received:
            held.received, held.heard_at = device.port.received, now
        if device.is_heard and now - held.heard_at < SILENT_SECONDS:
            held.there_at = now
            self.health = LinkHealth(is_there=True)
            return
        away = now - max(held.since, held.there_at)
        self.health = LinkHealth(problem=self._named(held, now) if away > NAMED_SECONDS else "")

    def _named(self, held: _Held, now: float) -> str:
        wanted = self._settings
        if now - held.heard_at >= NAMED_SECONDS:
            return (
                f"No panel is heard on {wanted.port}. Look at its two wires and its power, and at "
                f"osdp_reader.baud ({wanted.baud})."
            )
        channel = "open the secure channel with" if wanted.key_file else "ask"
        return (
            f"Somebody speaks on {wanted.port}, but does not {channel} address {wanted.address}. "
            "Look at the panel's address, speed and key for this reader."
        )

    def _hand_over(self, held: _Held, report: Report) -> None:
        now = self._now()
        if not self.health.is_there or now >= report.until or not held.device.report(report.card):
            self._listener.dropped(report)
            return
        held.pending = Report(report.event_id, report.card, min(report.until, now + TAKEN_SECONDS))

    def _settle(self, held: _Held) -> None:
        report, outcome = held.pending, held.device.outcome
        if report is None:
            return
        if outcome is None and self.health.is_there and self._now() < report.until:
            return
        held.pending = None
        if outcome is None:
            held.device.withdraw()
            outcome = held.device.outcome  # it may have gone out meanwhile
        if outcome:
            self._listener.taken(report)
        else:
            self._listener.dropped(report)

    def _drop_waiting(self) -> None:
        with suppress(Empty):
            while True:
                self._listener.dropped(self._waiting.get_nowait())
