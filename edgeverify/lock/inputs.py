"""Exit button and door contact on GPIO lines: edges as they come, and the level once a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType

from edgeverify.backoff import Backoff
from edgeverify.lock.settings import GpioInput

LOOK_SECONDS = 1.0
"""An edge that was lost is made good for by the next look at the level."""
CONSUMER = "edgeverify-lock"


@dataclass(frozen=True, slots=True)
class InputRead:
    """What an input says: active, not active, or None when it cannot be read (`problem`)."""

    name: str
    is_active: bool | None
    problem: str = ""


class InputWatch:
    """One thread an input; a chip that vanishes is told, and tried again for ever."""

    def __init__(
        self,
        name: str,
        settings: GpioInput,
        gpiod: ModuleType,
        tell: Callable[[InputRead], None],
    ) -> None:
        self._name = name
        self._settings = settings
        self._gpiod = gpiod
        self._tell = tell
        self._last: InputRead | None = None
        self._stop = threading.Event()
        self._pauses = Backoff(first_seconds=0.5, longest_seconds=10.0)
        self._thread = threading.Thread(target=self._run, name=f"input-{name}", daemon=True)

    def start(self) -> None:
        """Begin to watch; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End within about a second."""
        self._stop.set()
        self._thread.join(2 * LOOK_SECONDS + 1)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._try()

    def _try(self) -> None:
        try:
            self._watch()
        except (OSError, ValueError) as error:
            self._say(None, f"Line {self._settings.line} of {self._settings.chip}: {error}.")
            self._stop.wait(self._pauses.next_pause())

    def _watch(self) -> None:
        line, given = self._gpiod.line, self._settings
        wanted = self._gpiod.LineSettings(
            direction=line.Direction.INPUT,
            edge_detection=line.Edge.BOTH,
            bias={
                "pull_up": line.Bias.PULL_UP,
                "pull_down": line.Bias.PULL_DOWN,
                "none": line.Bias.DISABLED,
            }[given.bias],
            active_low=given.active == "low",
            debounce_period=timedelta(milliseconds=given.debounce_milliseconds),
        )
        with self._gpiod.request_lines(
            given.chip, consumer=CONSUMER, config={given.line: wanted}
        ) as request:
            while not self._stop.is_set():
                self._say(request.get_value(given.line) == line.Value.ACTIVE)
                self._pauses.reset()
                if request.wait_edge_events(timedelta(seconds=LOOK_SECONDS)):
                    for event in request.read_edge_events():
                        rising = event.event_type == event.Type.RISING_EDGE
                        self._say(rising)

    def _say(self, is_active: bool | None, problem: str = "") -> None:  # noqa: FBT001 - a level
        read = InputRead(self._name, is_active, problem)
        if read != self._last:
            self._last = read
            self._tell(read)
