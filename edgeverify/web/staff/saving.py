"""A confirmed change: written whole, taken up by the door, taken back where the door refuses it."""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool

from edgeverify.atomic_file import write_whole
from edgeverify.errors import EdgeverifyError, StateError
from edgeverify.web.door import DoorLink
from edgeverify.web.staff.editing import StaffFile
from edgeverify.web.staff.pending import Change
from edgeverify.web.staff.photos import delete, drop, settle

WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.15
ADVICE = {
    errno.EBUSY: "It is mounted as a file of its own, as containers can do, and can only be "
    "replaced as a whole: mount its folder instead.",
    errno.EROFS: "Its folder is mounted read-only: mount it to be written to.",
}
_WRITING = threading.Lock()
"""Two managers who confirm at once: the second finds what the first has written."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it, for the manager."""

    is_done: bool
    words: str
    lines: tuple[str, ...] = ()
    is_in_force: bool = True


async def write_down(link: DoorLink, change: Change) -> None:
    """Journal what is about to be done. Raises StateError: then nothing was done."""
    await link.write_down(f"page people {change.act}", change.card, change.user)
    if change.has_consent:
        await link.write_down("page consent noted", change.card, change.user)


async def save(link: DoorLink, change: Change) -> Outcome:
    """Write the file, let the door read it, and wait for what it says.

    Raises StateError where the file was changed meanwhile or cannot be written: then nothing has
    changed.
    """
    await run_in_threadpool(_write, change)
    try:
        told = await _reload(link)
    except StateError as error:
        await run_in_threadpool(_clean, change)
        said = f"{error.problem[:1].upper()}{error.problem[1:]}."
        words = "Saved in the file, and not in force yet: the door reads it when it starts."
        return Outcome(is_done=True, is_in_force=False, words=words, lines=(said, error.advice))
    if told is None:
        await run_in_threadpool(_clean, change)
        return Outcome(is_done=True, words="Saved. The door is still enrolling.", is_in_force=False)
    if told["problem"]:
        await run_in_threadpool(_take_back, change)
        await link.ask("reload")
        said = f"{told['problem']} {told['advice'] or ''}".strip()
        return Outcome(is_done=False, words=f"The door refused it, nothing was changed: {said}")
    await run_in_threadpool(_clean, change)
    people: Mapping[str, Any] = told["people"] or {}
    mine = f"card {change.card} "
    lines = [*people.get("problems", ()), *people.get("warnings", ())]
    return Outcome(
        is_done=True,
        words="Saved, and in force at the door.",
        lines=tuple(str(line) for line in lines if mine in str(line)),
    )


def forget(change: Change) -> None:
    """Leave everything as it was."""
    for photo in change.new:
        drop(change.place, photo)


def _write(change: Change) -> None:
    path = change.place.file
    try:
        with _WRITING:
            is_as_shown = StaffFile.read(path).text == change.draft.before
            if is_as_shown:
                for photo in change.new:
                    settle(change.place, photo)
                write_whole(path, change.draft.after.encode(), mode=change.place.mode)
    except EdgeverifyError:  # what stands there now cannot be read
        forget(change)
        raise
    except OSError as error:
        forget(change)
        raise StateError(
            f"{path.name} cannot be written: {error.strerror}",
            advice=ADVICE.get(
                error.errno or 0, "It and its folder must belong to the page's user and have room."
            ),
        ) from None
    if not is_as_shown:
        forget(change)
        raise StateError(
            f"{path.name} was changed by somebody else meanwhile",
            advice="Open the page of the person again, and make the change once more.",
        )


def _take_back(change: Change) -> None:
    path = change.place.file
    with suppress(OSError), _WRITING:
        if path.read_bytes() == change.draft.after.encode():
            write_whole(path, change.draft.before.encode(), mode=change.place.mode)
            forget(change)


def _clean(change: Change) -> None:
    for name in change.gone:
        delete(change.place, name)


async def _reload(link: DoorLink) -> Mapping[str, Any] | None:
    """Return what the door said of the reload; None while people are being enrolled still."""
    ticket = (await link.ask("reload"))["ticket"]
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        told = await link.ask("reload-outcome", ticket=ticket)
        if told["is_done"] and (told["problem"] or told["people"] is not None):
            return told
        await asyncio.sleep(LOOK_SECONDS)
    return None
