"""Which extras a release's environment has, so that the next release gets them too.

What is installed is asked, and no list is kept: whoever adds an extra, and by which command, it
stays. An extra counts where every package of it is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

_OF_EXTRA = re.compile(r"""^(?P<package>[A-Za-z0-9._-]+).*\bextra\s*==\s*["'](?P<extra>[^"']+)""")


def packages_by_extra(requirements: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the packages of each extra, by a package's own metadata (`Requires-Dist`)."""
    found: dict[str, tuple[str, ...]] = {}
    for line in requirements:
        if match := _OF_EXTRA.match(line):
            found[match["extra"]] = (*found.get(match["extra"], ()), match["package"])
    return found


def extras_of(release: Path | None) -> tuple[str, ...]:
    """Return the extras that a release was given, sorted; none where there is no release."""
    if release is None:
        return ()
    folders = [str(path) for path in sorted(release.glob("lib/python3*/site-packages"))]
    there = {_spelled(each.name): each for each in distributions(path=folders) if _is_whole(each)}
    itself = there.get("edgeverify")
    by_extra = packages_by_extra(itself.requires or () if itself else ())
    return tuple(
        sorted(
            extra
            for extra, packages in by_extra.items()
            if all(_spelled(package) in there for package in packages)
        )
    )


def _is_whole(found: Distribution) -> bool:
    """Return whether it has a name: a folder that an interrupted pip has left has none."""
    return bool(found.metadata["Name"])


def _spelled(package: str) -> str:
    """Return one spelling for all (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()
