"""The light, the buzzer and the text of the reader that the panel sees here. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeverify.panel.commands import BuzzerCommand, LedCommand, PanelCommand, TextCommand

MAX_ROWS = 4
"""Of a reader's display; what a panel writes below is not shown."""
MAX_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """`light` is a colour, "" for dark; `text` has its rows joined by blanks."""

    light: str = ""
    text: str = ""
    is_sounding: bool = False


@dataclass(slots=True)
class Indicators:
    """What the panel has made of them; `now` is monotonic seconds."""

    lasting_light: str = ""
    _light: str = ""
    _light_until: float = float("-inf")
    _sounds_until: float = float("-inf")
    _rows: dict[int, str] = field(default_factory=dict)
    _brief_rows: dict[int, str] = field(default_factory=dict)
    _brief_until: float = float("-inf")

    def obey(self, command: PanelCommand, now: float) -> None:
        """Do what the panel says."""
        if isinstance(command, LedCommand):
            self._obey_light(command, now)
        elif isinstance(command, BuzzerCommand):
            self._sounds_until = now + command.seconds
        else:
            self._obey_text(command, now)

    def shown(self, now: float) -> Shown:
        """Return what a person sees and hears now."""
        rows = self._brief_rows if now < self._brief_until else self._rows
        return Shown(
            light=self._light if now < self._light_until else self.lasting_light,
            text=" ".join(filter(None, (rows[at].strip() for at in sorted(rows)))),
            is_sounding=now < self._sounds_until,
        )

    def _obey_light(self, command: LedCommand, now: float) -> None:
        if command.is_cancel:
            self._light_until = now
        elif command.seconds is None:
            self.lasting_light = command.color
        else:
            self._light, self._light_until = command.color, now + command.seconds

    def _obey_text(self, command: TextCommand, now: float) -> None:
        if command.row >= MAX_ROWS:
            return
        rows = self._rows
        if command.seconds is not None:
            if now >= self._brief_until:
                self._brief_rows = {}
            rows, self._brief_until = self._brief_rows, now + command.seconds
        before = rows.get(command.row, "")[: command.column].ljust(command.column)
        rows[command.row] = (before + command.text)[:MAX_COLUMNS]
