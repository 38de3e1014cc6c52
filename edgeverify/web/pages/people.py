"""People: who may come in, and how good their photos are."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from edgeverify.config import LoadedConfig
from edgeverify.config.problems import ConfigProblemsError
from edgeverify.domain import OWN_NAMES
from edgeverify.errors import EdgeverifyError, StateError
from edgeverify.web.parts import Parts
from edgeverify.web.staff.checking import Messages
from edgeverify.web.staff.editing import StaffFile
from edgeverify.web.staff.form import PersonForm, fingerprint
from edgeverify.web.staff.photos import sweep
from edgeverify.web.staff.place import ElsewhereError, StaffPlace, staff_place

LOOK_SECONDS = 30.0
"""Photos are decoded one after another."""


async def show(request: Request, parts: Parts) -> Response:
    """Return everybody in force, and whether the page may change them."""
    told = await parts.link.ask("people")
    mine: set[str] = set()
    why = advice = ""
    try:
        _, place = await opened(parts)
        file = await run_in_threadpool(StaffFile.read, place.file)
        mine = {str(entry.get("card")) for entry in file.entries}
        await run_in_threadpool(sweep, place)
    except EdgeverifyError as error:
        why, advice = error.problem, error.advice
    values = {
        "people": told["rows"],
        "is_enrolling": told["is_enrolling"],
        "mine": mine,
        "why": why,
        "advice": advice,
    }
    return parts.render(request, "people.html", values)


async def photo(request: Request, parts: Parts) -> Response:
    """Return a small picture of somebody's photo, or a drawing that says why there is none."""
    card = str(request.path_params["card"])
    told = await parts.link.ask("thumbnail", timeout_seconds=LOOK_SECONDS, card=card)
    if told["jpeg"]:
        return Response(base64.b64decode(told["jpeg"]), media_type="image/jpeg")
    drawn = parts.templates.get_template("no_photo.svg").render(why=told["why"])
    return Response(drawn, media_type="image/svg+xml")


async def opened(parts: Parts) -> tuple[LoadedConfig, StaffPlace]:
    """Return the config as it is now, and where people may be written.

    Raises ElsewhereError, also where the config is broken: then a person mends it first.
    """

    def both() -> tuple[LoadedConfig, StaffPlace]:
        try:
            config = parts.load()
        except ConfigProblemsError as error:
            raise ElsewhereError(
                f"the config has a mistake: {error.problems[0]}",
                advice="Correct it first: `edgeverify check-config FILE` shows every mistake.",
            ) from None
        return config, staff_place(config)

    return await run_in_threadpool(both)


def swept(parts: Parts) -> None:
    """Delete photos of forms that were never confirmed, where the page keeps the people."""
    with contextlib.suppress(EdgeverifyError, OSError):
        sweep(staff_place(parts.load()))


async def new(request: Request, parts: Parts) -> Response:
    """Return the empty form."""
    config, _ = await opened(parts)
    messages = Messages(down=await door_problem(parts))
    return person_form(request, parts, config, PersonForm(), messages)


async def door_problem(parts: Parts) -> StateError | None:
    """Return why the door would not answer now, so that it is known before a form is filled in."""
    try:
        await parts.link.ask("page-alive")
    except StateError as error:
        return error
    return None


async def edit(request: Request, parts: Parts) -> Response:
    """Return somebody's form."""
    config, place = await opened(parts)
    card = str(request.path_params["card"])
    file = await run_in_threadpool(StaffFile.read, place.file)
    number = file.number_of(card)
    if number is None:
        return nobody(request, parts)
    entry = file.entries[number]
    messages = Messages(down=await door_problem(parts))
    return person_form(request, parts, config, PersonForm.of_entry(entry), messages, entry=entry)


def nobody(request: Request, parts: Parts) -> Response:
    """Return that there is no such entry."""
    values = {
        "problem": "The staff file has no entry with this card.",
        "advice": "Begin at the People page: somebody may have removed it.",
    }
    return parts.render(request, "problem.html", values, status=404)


def person_form(
    request: Request,
    parts: Parts,
    config: LoadedConfig,
    form: PersonForm,
    messages: Messages,
    *,
    entry: Mapping[str, Any] | None = None,
    is_again: bool = False,
) -> Response:
    """Return the form with what is wrong at each field; `entry` is that of somebody known."""
    old = None if entry is None else PersonForm.of_entry(entry)
    limit = config.settings.enrolment.max_photo_mebibytes
    values: Mapping[str, Any] = {
        "form": form,
        "card": old.card if old else "",
        "photos": old.kept if old else (),
        "seen": "" if entry is None else fingerprint(entry),
        "again": is_again,
        "down": messages.down,
        "problems": messages.problems,
        "warnings": messages.warnings,
        "languages": OWN_NAMES,
        "door_zone": config.settings.time_zone,
        "limit": f"{limit:g} MiB",
        "limit_bytes": int(limit * 1024 * 1024),
        "is_camera_only": config.settings.enrolment.camera_only,
    }
    status = 422 if messages.problems else 503 if messages.down else 200
    return parts.render(request, "person.html", values, status=status)
