"""What a manager does in these tests: fills in the form of a person, sends it, and confirms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from edgeverify.status_socket import Json
from tests.web.stage import Browser, Stage

JPEG = b"\xff\xd8\xff\xe0 a photo"
FORM = {"card": "9", "name": "Eve"}


def told(problem: str = "", **people: Json) -> dict[str, Json]:
    return {"is_done": True, "problem": problem, "advice": "", "people": people}


def sent(browser: Browser, path: str, form: Mapping[str, Any], *photos: bytes) -> httpx.Response:
    files = [("photo", (f"eve {n}.jpg", one, "image/jpeg")) for n, one in enumerate(photos)]
    return browser.followed(browser.post(path, {**browser.hidden(path), **form}, files=files))


def answered(browser: Browser, shown: httpx.Response, answer: str = "save") -> httpx.Response:
    values = dict(re.findall(r'name="(form_token|change)" value="([^"]+)"', shown.text))
    return browser.post("/people/confirm", {**values, "answer": answer})


def staff_text(page: Stage) -> str:
    return (page.folder / "people" / "front-door.yaml").read_text(encoding="utf-8")


def photos_kept(page: Stage) -> list[Path]:
    return sorted((page.folder / "people" / "photos").iterdir())
