"""A panel on a stage: libosdp's own control panel at the other end of a pair of ptys.

The door's clock stands still unless a test moves it, so that no machine is too slow for a limit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import osdp
from typing_extensions import Self

from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.panel import Panel
from edgeverify.daemon.panel_answers import Answer, AnswerBook
from edgeverify.domain import Outcome, Reason
from edgeverify.events import DecisionPayload
from edgeverify.osdp_port import OsdpPort
from edgeverify.panel import PanelLink
from edgeverify.settings import OsdpReaderSettings
from tests.daemon.panel_journal import PanelJournal
from tests.doors import NOON
from tests.osdp_bus import KEY, Wire
from tests.waiting import patience, until

CARD = "1234567"
EXPIRES = timedelta(seconds=5)


class RealPanel:
    """An access-control panel, as far as libosdp goes; a context manager."""

    def __init__(
        self,
        port: str,
        key: bytes | None = KEY,
        *,
        is_secure: bool = True,
        flags: Sequence[int] | None = None,
    ) -> None:
        self.results: list[int] = []
        self._port = OsdpPort(port, 115200)
        if flags is None:
            flags = [osdp.LibFlag.EnforceSecure] if is_secure else []
        self._panel = osdp.ControlPanel(
            [osdp.PDInfo(0, self._port, key, flags=flags)],
            log_level=osdp.LogLevel.Emergency,
            command_completion_handler=lambda _address, _command, status: self.results.append(
                status
            ),
        )
        self._panel.start()
        self._cards: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._panel.teardown()
        self._port.close()

    @property
    def is_secure(self) -> bool:
        return bool(self._panel.is_sc_active(0))

    @property
    def cards(self) -> list[tuple[int, int, bytes]]:
        """Format, bits and data of each card that came."""
        while (event := self._panel.get_event(0, timeout=-1)) is not None:
            if event["event"] == osdp.Event.CardRead:
                self._cards.append(event)
        return [(each["format"], each["length"], each["data"]) for each in self._cards]  # type: ignore[misc]

    def light(self, color: int, *, tenths: int | None) -> None:
        """Set a light for a time, or for good."""
        is_brief = tenths is not None
        self.tell(
            {
                "command": osdp.Command.LED,
                "reader": 0,
                "led_number": 0,
                "temporary": is_brief,
                "control_code": 2 if is_brief else 1,
                "on_count": 1,
                "off_count": 0,
                "on_color": color,
                "off_color": color,
                "timer_count": tenths or 0,
            }
        )

    def sound(self) -> None:
        self.tell(
            {
                "command": osdp.Command.Buzzer,
                "reader": 0,
                "control_code": 2,
                "on_count": 2,
                "off_count": 1,
                "rep_count": 3,
            }
        )

    def write(self, text: str) -> None:
        self.tell(
            {
                "command": osdp.Command.Text,
                "reader": 0,
                "control_code": 3,
                "temp_time": 20,
                "offset_row": 1,
                "offset_col": 1,
                "data": text,
            }
        )

    def tell(self, command: dict[str, object]) -> None:
        until(lambda: self._panel.submit_command(0, command), "the command to be taken", 10)


@dataclass
class Stage:
    """A door with a panel's reader, and the wire to the panel."""

    wire: Wire
    settings: OsdpReaderSettings
    folder: Path
    now: float = 1000.0
    written: PanelJournal = field(default_factory=PanelJournal)
    faults: FaultBoard = field(default_factory=FaultBoard)
    is_locked_down: bool = False

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self.panel = Panel(
            settings=self.settings,
            make_link=lambda panel: PanelLink(
                self.settings, self.folder, panel, monotonic=self.monotonic
            ),
            book=AnswerBook(self.written),
            faults=self.faults,
            wall=lambda: NOON + timedelta(seconds=self.now - 1000.0),
            monotonic=self.monotonic,
            is_locked_down=lambda: self.is_locked_down,
        )

    def monotonic(self) -> float:
        return self.now

    @property
    def answer(self) -> Answer | None:
        return self.panel.view().answer

    @property
    def problem(self) -> str:
        """What the status says of the panel."""
        self.panel.look()
        return "".join(one.detail for one in self.faults.snapshot())

    def wait(self) -> None:
        """Wait until the panel asks."""
        until(lambda: self.panel.link.health.is_there, "the panel", 20)

    def decide(self, outcome: Outcome = Outcome.GRANT, card: str = CARD) -> bool:
        """Let a decision be taken now; return whether the panel is to hear of it."""
        number = next(self._numbers)
        issued = NOON + timedelta(seconds=self.now - 1000.0)
        reason = Reason.MATCH if outcome is Outcome.GRANT else Reason.NON_MATCH
        return self.panel.report(
            DecisionPayload(
                event_id=f"e-{number}",
                door="front-door",
                claim_id=f"c-{number}",
                card=card,
                outcome=outcome,
                reason=reason,
                sequence=number,
                issued_at=issued,
                expires_at=issued + EXPIRES,
            )
        )

    def grant_until_told(self, panel: RealPanel, card: str = CARD) -> None:
        """Let somebody in again and again until the panel has a card more than before."""
        before = len(panel.cards)
        self.decide(card=card)

        def is_told() -> bool:
            if self.answer is Answer.NOT_TOLD:
                self.decide(card=card)
            return len(panel.cards) > before

        until(is_told, "the card at the panel", 30)


@contextmanager
def stage(folder: Path, wire: Wire, **changes: object) -> Iterator[Stage]:
    """A running link on one end of the wire."""
    key_file = folder / "panel.key"
    key_file.write_text(KEY.hex(), encoding="utf-8")
    key_file.chmod(0o600)
    wanted = {
        "enabled": True,
        "port": wire.ports[0],
        "baud": 115200,
        "key_file": "panel.key",
        "answer_seconds": 3.0,
        **changes,
    }
    made = Stage(wire, OsdpReaderSettings.model_validate(wanted), folder)
    made.panel.start()
    try:
        yield made
    finally:
        made.panel.stop(patience(5))
