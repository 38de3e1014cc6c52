"""Adding, changing and removing people: a draft that is shown first, then confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from edgeverify.errors import EdgeverifyError, StateError
from edgeverify.web.guard import session_of
from edgeverify.web.pages.people import nobody, opened, person_form
from edgeverify.web.parts import Parts
from edgeverify.web.staff.checking import Messages
from edgeverify.web.staff.drafting import Drafted, drafted
from edgeverify.web.staff.editing import StaffFile
from edgeverify.web.staff.form import PersonForm, fingerprint, uploads
from edgeverify.web.staff.pending import Act, Change
from edgeverify.web.staff.photos import KeptPhoto, drop, keep, unneeded
from edgeverify.web.staff.place import StaffPlace
from edgeverify.web.staff.saving import forget, save, write_down

SHOTS = 3
"""Pictures of the door's own camera that make one enrolment."""
MEANWHILE = (
    "Somebody else has changed this person since you opened the form. What stands below is what is "
    "in the file now: make your change once more"
)


async def add(request: Request, parts: Parts) -> Response:
    """Draft somebody new."""
    return await _draft(request, parts, "add", "")


async def change(request: Request, parts: Parts) -> Response:
    """Draft a change to somebody."""
    return await _draft(request, parts, "change", str(request.path_params["card"]))


async def remove(request: Request, parts: Parts) -> Response:
    """Draft a removal."""
    config, place = await opened(parts)
    card = str(request.path_params["card"])
    file = await run_in_threadpool(StaffFile.read, place.file)
    number = file.number_of(card)
    if number is None:
        return nobody(request, parts)
    draft = await run_in_threadpool(file.without, number)
    old = PersonForm.of_entry(file.entries[number])
    mine = len(config.settings.staff) - len(file.entries) + number
    others = (*config.settings.staff[:mine], *config.settings.staff[mine + 1 :])
    made = Change(
        act="remove",
        card=card,
        user=session_of(request).name,
        place=place,
        draft=draft,
        gone=unneeded(place, old.kept, others),
        made_at=parts.monotonic(),
        name=old.name,
    )
    return _shown(parts, made)


async def ask(request: Request, parts: Parts) -> Response:
    """Return what a change does, and ask; a page of its own, so that Back and Reload do no harm."""
    token = request.query_params.get("change", "")
    found = parts.pending.look(token, session_of(request).name, parts.monotonic())
    if found is None:
        return _too_old(request, parts)
    return _asking(request, parts, found, token)


def _asking(
    request: Request, parts: Parts, found: Change, token: str, *, down: StateError | None = None
) -> Response:
    values = {
        "change": found,
        "token": token,
        "diff": found.draft.diff,
        "is_changed": found.draft.before != found.draft.after,
        "down": down,
    }
    return parts.render(request, "confirm.html", values, status=503 if down else 200)


async def confirm(request: Request, parts: Parts) -> Response:
    """Do what was shown."""
    form = await request.form()
    token = str(form.get("change") or "")
    found = parts.pending.take(token, session_of(request).name, parts.monotonic())
    if found is None:
        return _too_old(request, parts)
    if form.get("answer") == "correct" and found.form is not None:
        return await _again(request, parts, found, found.form)
    if form.get("answer") != "save":
        await run_in_threadpool(forget, found)
        return RedirectResponse("/people", 303)
    await _look_again(parts, found)
    try:
        await write_down(parts.link, found)
    except StateError as error:  # nothing was done: the same may be confirmed once more
        return _asking(request, parts, found, parts.pending.put(found), down=error)
    outcome = await save(parts.link, found)
    return parts.render(request, "saved.html", {"outcome": outcome, "change": found})


async def _look_again(parts: Parts, found: Change) -> None:
    """Let what was shown be forgotten where the page may no longer write it. Raises its error."""
    try:
        _, place = await opened(parts)
        if place != found.place:
            raise StateError(
                "the config names another staff file meanwhile",
                advice="Begin at the People page, and make the change once more.",
            )
    except EdgeverifyError:
        await run_in_threadpool(forget, found)
        raise


async def _again(request: Request, parts: Parts, found: Change, form: PersonForm) -> Response:
    """Return the form with what was typed; photos that were given with it are gone."""
    await run_in_threadpool(forget, found)
    config, place = await opened(parts)
    entry: Mapping[str, Any] | None = None
    if found.act == "change":
        file = await run_in_threadpool(StaffFile.read, place.file)
        number = file.number_of(found.card)
        if number is None:
            return nobody(request, parts)
        entry = file.entries[number]
    is_again = bool(found.new)
    return person_form(request, parts, config, form, Messages(), entry=entry, is_again=is_again)


def _too_old(request: Request, parts: Parts) -> Response:
    values = {
        "problem": "This change is too old, or was made already.",
        "advice": "Look at the People page, and make it again where it is missing.",
    }
    return parts.render(request, "problem.html", values, status=409)


def _shown(parts: Parts, made: Change) -> Response:
    return RedirectResponse(f"/people/confirm?change={parts.pending.put(made)}", 303)


async def _draft(request: Request, parts: Parts, act: Act, card: str) -> Response:
    config, place = await opened(parts)
    data = await request.form()
    form = PersonForm.of_data(data)
    number: int | None = None
    entry: Mapping[str, Any] | None = None
    if card:
        file = await run_in_threadpool(StaffFile.read, place.file)
        number = file.number_of(card)
        if number is None:
            return nobody(request, parts)
        entry = file.entries[number]
        if data.get("seen") != fingerprint(entry):
            messages = Messages()
            messages.add_problem("", MEANWHILE)
            now = PersonForm.of_entry(entry)
            return person_form(request, parts, config, now, messages, entry=entry)
        form = replace(form, card=card)
    shots = data.getlist("shot")
    has_consent = bool(shots) and data.get("consent") == "yes"
    new: tuple[KeptPhoto, ...] = ()
    try:
        if problem := _shots_problem(len(shots), has_consent=has_consent):
            messages = Messages()
            messages.add_problem("photos", problem)
            found = Drafted(draft=None, messages=messages)
        else:
            new = await _photos(request, parts, place, form.card)
            found = await drafted(parts.link, config, place, form, number=number, new=new)
    except StateError as error:
        for photo in new:
            drop(place, photo)
        return person_form(request, parts, config, form, Messages(down=error), entry=entry)
    if found.draft is None:
        return person_form(request, parts, config, form, found.messages, entry=entry)
    made = Change(
        act=act,
        card=form.card,
        user=session_of(request).name,
        place=place,
        draft=found.draft,
        new=new,
        gone=found.gone,
        has_consent=has_consent,
        made_at=parts.monotonic(),
        name=form.name,
        form=form,
        warnings=tuple(line for lines in found.messages.warnings.values() for line in lines),
        look_alikes=found.look_alikes,
    )
    return _shown(parts, made)


def _shots_problem(count: int, *, has_consent: bool) -> str:
    if count and not has_consent:
        return "Pictures of the door's camera need the person's consent: tick it"
    if count not in {0, SHOTS}:
        return f"Take {SHOTS} pictures with the door's camera, or none"
    return ""


async def _photos(
    request: Request, parts: Parts, place: StaffPlace, card: str
) -> tuple[KeptPhoto, ...]:
    """Keep the uploads, and the pictures that the door's camera has taken, on trial."""
    data = await request.form()
    user, now = session_of(request).name, parts.monotonic()
    kept: list[KeptPhoto] = []
    for number, token in enumerate(data.getlist("shot"), start=1):
        jpeg = parts.shots.take(str(token), user, now)
        if jpeg is None:
            raise StateError(
                "the pictures of the door's camera are too old",
                advice="Open the form again, and take them once more.",
            )
        shown = f"picture {number} of the door's camera"
        kept.append(await run_in_threadpool(keep, place, card, jpeg, shown, is_of_camera=True))
    for upload in uploads(data):
        content = await upload.read()
        shown = upload.filename or ""
        kept.append(await run_in_threadpool(keep, place, card, content, shown))
    return tuple(kept)
