"""The references that commands about people change: locked, owned, opened, closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeverify.config import LoadedConfig
    from edgeverify.references import ReferenceStore


@contextmanager
def open_people(
    loaded: LoadedConfig, state: Path | None, *, now: datetime, may_begin: bool
) -> Iterator[ReferenceStore]:
    """Open the door's references as the one writer; only `may_begin` makes new ones.

    Raises StateError and KeyUnusableError.
    """
    import os

    from edgeverify.cli.state import changing
    from edgeverify.errors import StateError
    from edgeverify.keys import load_master_key
    from edgeverify.references import ReferenceStore
    from edgeverify.references.takeover import take_over
    from edgeverify.state_lock import take_lock

    with changing(loaded, state, may_begin=may_begin) as place, take_lock(place):
        if not may_begin and not place.references.exists():
            raise StateError(
                f"nobody is enrolled at the door {place.door!r}: {place.folder} has no references"
            )
        key = load_master_key(
            loaded.settings.keys.master_key_file,
            config_folder=loaded.folder,
            default=place.master_key,
            environ=os.environ,
            may_create=not place.references.exists(),
        )
        if key.source != str(place.master_key):
            take_over(place.references, place.master_key, key.secret, key.source)
        with ReferenceStore(place.references, key.secret, now=now) as store:
            yield store
