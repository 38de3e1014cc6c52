"""The state that commands about people work on: locked, owned, opened, closed again."""

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
    loaded: LoadedConfig, state: Path | None, *, now: datetime, is_changing: bool
) -> Iterator[ReferenceStore]:
    """Open the door's references; `is_changing` takes the lock. StateError, KeyUnusableError."""
    import os
    from contextlib import nullcontext

    from edgeverify.keys import load_master_key
    from edgeverify.references import ReferenceStore
    from edgeverify.state import open_state, state_path, take_lock

    door = loaded.settings.door
    place = open_state(state_path(door, state, os.environ), door)
    with take_lock(place) if is_changing else nullcontext():
        key = load_master_key(
            loaded.settings.keys.master_key_file,
            config_folder=loaded.folder,
            default=place.master_key,
            environ=os.environ,
            may_create=not place.references.exists(),
        )
        with ReferenceStore(place.references, key.secret, now=now, may_repair=is_changing) as store:
            yield store
