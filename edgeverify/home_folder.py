"""What `~` means, for users who have no home as well."""

from __future__ import annotations

from pathlib import Path


def expanded(path: Path) -> Path:
    """Return the path with `~` and `~NAME` replaced; as it stands where nobody knows that home.

    A user without HOME and without an entry in /etc/passwd is not a fault here: whoever opens the
    path then says that it is not there.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        return path
