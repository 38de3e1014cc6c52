"""The contract of what moves a lock, one file per kind, and which of them a config means."""

from __future__ import annotations

from typing import Protocol


class RelayError(Exception):
    """The relay could not be moved, or not be shown to have moved; a sentence for people."""


class Output(Protocol):
    """Something that releases a door. Used by one thread; every call raises RelayError."""

    def put(self, *, released: bool, energised: bool) -> None:
        """Release the door or lock it; `energised` is what a relay's coil must be for that."""

    def close(self) -> None:
        """Let go of the device; the door was put to rest before."""
