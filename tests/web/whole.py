"""The page as people meet it: a whole daemon, the page's own process, and Debian's Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.absent import absent
from tests.faces import DATA
from tests.ports import free_port
from tests.soak.world import ROOT, World
from tests.waiting import patience, until
from tests.web.stage import PASSWORD

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SHOTS = "EDGEVERIFY_PAGE_SHOTS"
"""A folder: pictures of every page are put there, to be looked at."""


@dataclass
class Served:
    """The page's process beside a daemon, and where it is."""

    world: World
    port: int
    process: subprocess.Popen[bytes]
    shown: int = 0
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> str:
        return (self.world.folder / "page.log").read_text(encoding="utf-8", errors="replace")

    def watched(self, context: BrowserContext) -> Page:
        """Open a tab; everything it asks for and complains of is kept."""
        page = context.new_page()
        page.set_default_timeout(patience(15) * 1000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda told: self.errors.append(told.text) if told.type == "error" else None,
        )
        return page

    def shoot(self, page: Page, name: str) -> None:
        """Keep a picture where somebody wants to look at it."""
        if folder := os.environ.get(SHOTS):
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@contextmanager
def served(world: World) -> Iterator[Served]:
    """Make a log-in of each role, and serve the page until the block ends."""
    environ = {**os.environ, "XDG_DATA_HOME": str(DATA), **world.environ}
    page_folder = world.folder / "page"
    options = ["--config", str(world.config), "--state", str(page_folder)]
    for role in ("viewer", "manager", "screen"):
        command = [sys.executable, "-m", "edgeverify", "web", "password", role, "--role", role]
        done = subprocess.run(
            [*command, *options],
            input=f"{PASSWORD}\n",
            capture_output=True,
            text=True,
            env=environ,
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{role}: made, role {role}\n"
    config = world.changes["web"]
    assert isinstance(config, dict)
    with (world.folder / "page.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "edgeverify", "web", "run", *options),
                *("--door-state", str(world.state)),
            ],
            stdout=log,
            stderr=log,
            env=environ,
            cwd=ROOT,
        )
    made = Served(world, int(config["port"]), process)
    try:
        until(lambda: _answers(made), "the page to answer", 30)
        yield made
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience(5))
        process.kill()
        process.wait()


def _answers(made: Served) -> bool:
    assert made.process.poll() is None, made.log
    try:
        return httpx.get(f"{made.address}/login", timeout=patience(2)).status_code == 200
    except httpx.TransportError:
        return False


def web_config() -> dict[str, object]:
    """What a test's door says of its page."""
    return {"enabled": True, "port": free_port()}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        absent("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        try:
            yield browser
        finally:
            browser.close()
