"""A program of the integrator's, with fixed arguments and no shell."""

from __future__ import annotations

import subprocess

from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.settings import CommandRelay


class CommandOutput:
    """Runs one program to release and another to lock; neither is told whose card it was."""

    def __init__(self, settings: CommandRelay) -> None:
        self._settings = settings

    def put(self, *, released: bool, energised: bool) -> None:  # noqa: ARG002 - the contract's
        """Run the program and wait for it."""
        words = self._settings.release if released else self._settings.rest
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._settings.timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RelayError(
                f"{words[0]} ran for more than {self._settings.timeout_seconds:g} s and was ended."
            ) from None
        except OSError as error:
            raise RelayError(f"{words[0]} cannot be started: {error.strerror}.") from None
        if done.returncode:
            raise RelayError(f"{words[0]} ended with code {done.returncode}.")

    def close(self) -> None:
        """Nothing is held."""
