"""A relay on a GPIO line, through the kernel's character device (libgpiod 2)."""

from __future__ import annotations

import gpiod
from gpiod.line import Direction, Value

from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.settings import GpioRelay

CONSUMER = "edgeverify-lock"


class GpioOutput:
    """Holds the line; it is energised or not from the moment when it is asked for."""

    def __init__(self, settings: GpioRelay, *, is_energised_at_rest: bool) -> None:
        self._line = settings.line
        wanted = gpiod.LineSettings(
            direction=Direction.OUTPUT,
            active_low=settings.active == "low",
            output_value=_value(is_energised_at_rest),
        )
        try:
            self._request = gpiod.request_lines(
                settings.chip, consumer=CONSUMER, config={settings.line: wanted}
            )
        except (OSError, ValueError) as error:
            raise RelayError(
                f"Line {settings.line} of {settings.chip} cannot be taken: {error}. "
                "`gpioinfo` shows who holds it."
            ) from None

    def put(self, *, released: bool, energised: bool) -> None:  # noqa: ARG002 - the contract's
        """Move the coil."""
        try:
            self._request.set_value(self._line, _value(energised))
            is_there = self._request.get_value(self._line) == _value(energised)
        except (OSError, ValueError) as error:
            raise RelayError(f"GPIO line {self._line} cannot be written: {error}.") from None
        if not is_there:
            raise RelayError(f"GPIO line {self._line} does not follow what is written to it.")

    def close(self) -> None:
        """Give the line back to the kernel."""
        self._request.release()


def _value(is_energised: bool) -> Value:  # noqa: FBT001 - one idea
    return Value.ACTIVE if is_energised else Value.INACTIVE
