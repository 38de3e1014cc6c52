"""What a door's small install leaves out: a command that needs more says which extra has it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import ParamSpec

from edgeverify.errors import EdgeverifyError
from edgeverify.installation.extras import packages_by_extra

P = ParamSpec("P")


def needs_extra(extra: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Wrap a command so that it begins only where every package of `extra` is installed."""

    def wrap(command: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(command)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
            require_extra(extra)
            command(*args, **kwargs)

        return wrapped

    return wrap


def require_extra(extra: str) -> None:
    """Raise EdgeverifyError that names what of `extra` is not installed here."""
    lack = lack_of(extra)
    if lack:
        raise EdgeverifyError(f"this needs {lack}")


def lack_of(extra: str) -> str:
    """Return what of an extra is not installed, in words for people; empty where all is there."""
    absent = missing(_requirements(), extra)
    if not absent:
        return ""
    are = "is" if len(absent) == 1 else "are"
    return (
        f"edgeverify's [{extra}] extra, of which {', '.join(absent)} {are} not installed here: "
        f"pip install 'edgeverify[{extra}]'"
    )


def missing(requirements: Sequence[str], extra: str) -> list[str]:
    """Return the packages of an extra that are not installed, by a package's own metadata."""
    wanted = packages_by_extra(requirements).get(extra, ())
    return [package for package in wanted if not _installed(package)]


def _requirements() -> Sequence[str]:
    try:
        return metadata.requires("edgeverify") or ()
    except metadata.PackageNotFoundError:
        return ()  # run from a checkout that was never installed


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
