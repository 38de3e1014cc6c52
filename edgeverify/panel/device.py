"""This door as a reader on the panel's bus: libosdp's peripheral, and what it may be told to do.

libosdp keeps an event that it could not hand over and sends it when the panel is back, however
late; whoever reports a card here must `withdraw` it in time.
"""

from __future__ import annotations

from collections.abc import Iterator

import osdp

from edgeverify.osdp_port import OsdpPort
from edgeverify.panel.card_bits import CardBits
from edgeverify.panel.commands import PanelCommand, read_command
from edgeverify.settings import OsdpReaderSettings

OBEYED = frozenset({osdp.Command.LED, osdp.Command.Buzzer, osdp.Command.Text, osdp.Command.Status})
"""All else is refused (NAK): key, address and speed are the config's."""
IDENTITY = (1, 1, 0, 0, 0)
"""Version, model, vendor, serial number and firmware, as the panel is told."""
CAN = (
    (osdp.Capability.CardDataFormat, 1, 1),
    (osdp.Capability.LEDControl, 4, 1),
    (osdp.Capability.AudibleControl, 2, 1),
    (osdp.Capability.TextOutput, 1, 1),
    (osdp.Capability.CheckCharacter, 1, 0),
    (osdp.Capability.CommunicationSecurity, 1, 1),
)
"""Capability, compliance level and count (OSDP 2.2, annex B): card data as bits; a light of all
colours that blinks for a time; a buzzer for a time; a text of one row of 16; CRC-16; AES-128."""


class PanelDevice:
    """One reader on one port; used by one thread, beside libosdp's own."""

    def __init__(self, settings: OsdpReaderSettings, key: bytes | None) -> None:
        """Open the port and answer the panel; without `key` also a panel without secure channel.

        Raises OSError and ValueError where the port cannot be opened.
        """
        self.port = OsdpPort(settings.port, settings.baud)
        self._is_secured = key is not None
        self.outcome: bool | None = None
        """Whether the panel took the last card; None while that is open."""
        info = osdp.PDInfo(
            settings.address,
            self.port,
            key,
            name="edgeverify",
            flags=[osdp.LibFlag.EnforceSecure] if self._is_secured else [],
            id=osdp.PdId(*IDENTITY),
        )
        self._device = osdp.PeripheralDevice(
            info,
            osdp.PDCapabilities(list(CAN if self._is_secured else CAN[:-1])),
            log_level=osdp.LogLevel.Emergency,
            command_handler=_obey,
            event_completion_handler=self._settled,
        )
        self._device.start()

    @property
    def is_heard(self) -> bool:
        """Whether the panel asks as it must: over the secure channel, where there is a key."""
        if self._is_secured:
            return bool(self._device.is_sc_active())
        return bool(self._device.is_online())

    @property
    def is_alive(self) -> bool:
        """Whether libosdp's thread still runs."""
        return bool(self._device.thread.is_alive())

    def commands(self) -> Iterator[PanelCommand]:
        """Yield what the panel has said since the last call, as far as it concerns a screen."""
        while (raw := self._device.get_command(timeout=-1)) is not None:
            command = read_command(raw)
            if command is not None:
                yield command

    def report(self, card: CardBits) -> bool:
        """Let the panel's next question be answered with a card; False where nothing is taken."""
        self.outcome = None
        wiegand, raw = osdp.CardFormat.Wiegand, osdp.CardFormat.Unspecified
        event = {
            "event": osdp.Event.CardRead,
            "reader_no": 0,
            "direction": 0,
            "format": wiegand if card.has_parities else raw,
            "length": card.count,
            "data": card.data,
        }
        return bool(self._device.submit_event(event))

    def withdraw(self) -> None:
        """Forget every card that the panel has not taken."""
        with self._device.lock:
            self._device.ctx.flush_events()

    def close(self) -> None:
        """Answer no more, and close the port."""
        self._device.teardown()
        self.port.close()

    def _settled(self, _event: object, status: int) -> None:
        self.outcome = status == osdp.CompletionStatus.Ok


def _obey(command: dict[str, object]) -> tuple[int, None]:
    return (0, None) if command.get("command") in OBEYED else (-1, None)
