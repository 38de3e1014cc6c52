"""From a person's form to a draft that was checked and tried; nothing is in force yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool

from edgeverify.config import LoadedConfig
from edgeverify.web.door import DoorLink
from edgeverify.web.staff.checking import Messages, check_draft, tell_trial
from edgeverify.web.staff.editing import Draft, StaffFile
from edgeverify.web.staff.form import MOST_PHOTOS, PersonForm
from edgeverify.web.staff.photos import KeptPhoto, drop, unneeded
from edgeverify.web.staff.place import StaffPlace

TRIAL_SECONDS = 60.0
"""Opening the networks takes seconds on a small machine, and each photo one."""


@dataclass(slots=True, kw_only=True)
class Drafted:
    """What came of a form. `draft` is None where a message keeps it from being saved."""

    draft: Draft | None
    messages: Messages
    look_alikes: Sequence[Mapping[str, Any]] = ()
    gone: tuple[str, ...] = ()
    kept: tuple[KeptPhoto, ...] = field(default=())


async def drafted(
    link: DoorLink,
    config: LoadedConfig,
    place: StaffPlace,
    form: PersonForm,
    *,
    number: int | None,
    new: tuple[KeptPhoto, ...],
) -> Drafted:
    """Check a form as `check-config` would, its photos through the door's own model.

    `number` is the entry's place in the file, None for somebody new. Photos on trial are deleted
    where anything is wrong. Raises StateError where no daemon answers.
    """
    messages = Messages()
    file = await run_in_threadpool(StaffFile.read, place.file)
    before = {} if number is None else file.entries[number]
    old = tuple(str(one) for one in before.get("photos") or ())
    stay = tuple(name for name in old if name in form.kept)
    shot = {str(one) for one in before.get("camera_photos") or ()}
    photos = (*stay, *(one.final for one in new))
    camera = (
        *(name for name in stay if name in shot),
        *(one.final for one in new if one.is_of_camera),
    )
    unreadable = form.unreadable()
    for name, said in unreadable.items():
        messages.add_problem(name, said)
    if not photos:
        messages.add_problem("photos", "Choose at least one photo")
    if len(photos) > MOST_PHOTOS:
        messages.add_problem("photos", f"At most {MOST_PHOTOS} photos make a reference")
    if unreadable:  # a config with them is not read at all
        return _refused(place, new, messages)
    entry = form.entry(before, photos, camera)
    draft = await run_in_threadpool(file.with_entry, entry, number)
    outside = len(config.settings.staff) - len(file.entries)
    mine = outside + (len(file.entries) if number is None else number)
    if photos:
        await run_in_threadpool(check_draft, config.path, draft.after, mine, messages)
    look_alikes: Sequence[Mapping[str, Any]] = ()
    if not messages.problems and entry.get("photos") != list(old):
        told = await _tried(link, entry, new)
        tell_trial(told, {one.trial: one.shown for one in new}, messages)
        look_alikes = told.get("look_alikes") or ()
    if messages.problems:
        return _refused(place, new, messages, look_alikes)
    others = (*config.settings.staff[:mine], *config.settings.staff[mine + 1 :])
    gone = unneeded(place, (name for name in old if name not in stay), others)
    return Drafted(draft=draft, messages=messages, look_alikes=look_alikes, gone=gone, kept=new)


def _refused(
    place: StaffPlace,
    new: tuple[KeptPhoto, ...],
    messages: Messages,
    look_alikes: Sequence[Mapping[str, Any]] = (),
) -> Drafted:
    for photo in new:
        drop(place, photo)
    return Drafted(draft=None, messages=messages, look_alikes=look_alikes)


async def _tried(
    link: DoorLink, entry: Mapping[str, Any], new: tuple[KeptPhoto, ...]
) -> Mapping[str, Any]:
    """Let the door try the entry with the photos under the names that they have now."""
    names = {one.final: one.trial for one in new}
    tried = dict(entry)
    for key in ("photos", "camera_photos"):
        if key in tried:
            tried[key] = [names.get(name, name) for name in tried[key]]
    return await link.ask("try-person", timeout_seconds=TRIAL_SECONDS, entry=tried)
