"""Where a new bundle may go."""

from __future__ import annotations

from pathlib import Path

from edgeverify.errors import BundleError


def require_free(folder: Path) -> None:
    """Refuse, by BundleError, to replace anything but a bundle or an empty folder."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BundleError(f"{folder} is a file", advice="Choose another --output.")
    if any(folder.iterdir()) and not (folder / "manifest.json").is_file():
        raise BundleError(
            f"{folder} holds something that is not a bundle", advice="Choose another --output."
        )
