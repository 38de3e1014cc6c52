"""Who may see and do what on the page."""

from __future__ import annotations

from enum import Enum


class Role(str, Enum):
    """What a log-in is for."""

    VIEWER = "viewer"
    """Sees state and journal; changes nothing, and sees no picture."""
    MANAGER = "manager"
    """Also aims the camera, and adds, changes and removes people."""
    SCREEN = "screen"
    """The display at the door: what a person must do now, and nothing else."""


PEOPLE = frozenset({Role.VIEWER, Role.MANAGER})
MANAGERS = frozenset({Role.MANAGER})
EVERYBODY = frozenset(Role)
