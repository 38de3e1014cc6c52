"""What the pages say is what a reader gets: every block typed on a bare Debian, in their order.

One boot. The reader knows nothing but the pages, may use sudo, and follows each in turn; the first
block that does not do what its page says ends the story.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.debian import debian_root
from tests.documented.machine import HOME, INSTEAD, USER, Reader
from tests.documented.pages import blocks_of
from tests.fresh.__main__ import bundle_of_the_checkout
from tests.fresh.machine import registries
from tests.systemd.conftest import OBAMA, OBAMA_AT_THE_DOOR, film, need
from tests.systemd.container import Container
from tests.systemd.wheels import CACHE, CHECKOUT
from tests.virtual_card import is_listening

PAGES = (
    "docs/installation.md",
    "README.md",
    "docs/events.md",
    "docs/operations.md",
    "docs/lock.md",
    "docs/readers.md",
    "docs/rules.md",
    "docs/web.md",
    "docs/privacy.md",
)
SUITE = os.environ.get("EDGEVERIFY_DEBIAN", "trixie")
"""Debian 13, where the service's own tests boot Debian 12."""
BARE = "systemd,systemd-sysv,dbus"
PORTS = (1883, 8883)
"""Of the broker that the pages set up: the container's network is this machine's."""
MOST_COMMANDS = 10
MOST_NOT_RUN = 9


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_blocks_and_every_one_left_out_a_reason(page: str) -> None:
    blocks = blocks_of(CHECKOUT / page)
    assert blocks
    for block in blocks:
        assert block.commands
        assert not block.not_run or len(block.not_run.split()) > 3, block.name


def test_few_blocks_are_left_out() -> None:
    blocks = [block for page in PAGES for block in blocks_of(CHECKOUT / page)]
    left_out = [block.name for block in blocks if block.not_run]
    assert len(left_out) <= MOST_NOT_RUN, left_out
    assert len(blocks) - len(left_out) >= 14


def test_a_bare_debian_is_ten_commands_from_a_granted_door() -> None:
    first = blocks_of(CHECKOUT / PAGES[0])[0]
    assert len(first.commands) <= MOST_COMMANDS
    assert first.shows.startswith("grant")
    assert not first.not_run


def test_what_is_typed_otherwise_stands_on_a_page() -> None:
    pages = "".join((CHECKOUT / page).read_text("utf-8") for page in PAGES)
    for said in INSTEAD:
        assert said in pages


@pytest.fixture(scope="module")
def reader(testdata: Path) -> Iterator[Reader]:
    need(os.geteuid() == 0, "booting a container needs root (sudo make test-systemd)")
    need(
        shutil.which("systemd-nspawn") and shutil.which("debootstrap"),
        "systemd-nspawn and debootstrap are missing (systemd/prerequisites systemd)",
    )
    for port in PORTS:
        need(not is_listening(port), f"port {port} of this machine, which the pages use, is taken")
    with TemporaryDirectory(prefix="documented-", dir=_cache()) as folder:
        work = Path(folder)
        (work / "etc/apt/apt.conf.d").mkdir(parents=True)
        _, seen = registries(work)
        project = _project(work)
        binds = {Path(path): path for path in seen}
        base = debian_root(CACHE / f"bare-{SUITE}", SUITE, include=BARE)
        machine = Container(
            base,
            work / "layer",
            bind_read_only={**binds, project: "/edgeverify.git"},
        )
        try:
            yield _prepared(machine, testdata)
        finally:
            machine.close()


def _cache() -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    return CACHE


def _prepared(machine: Container, testdata: Path) -> Reader:
    """Put there what a reader has: an account, a photo, a camera, and a name for the machine."""
    reader = Reader(machine)
    hosts = machine.files / "etc/hosts"
    named = machine.run("uname", "-n").stdout.strip()
    hosts.write_text(f"{hosts.read_text()}127.0.0.1 broker.lan {named}\n")
    film(testdata / OBAMA_AT_THE_DOOR, machine.files / "srv/door.mp4")
    (machine.files / "srv/door.mp4").chmod(0o644)
    machine.write(f"{HOME}/ada.jpg", (testdata / OBAMA).read_bytes())
    machine.run("chown", f"{USER}:", f"{HOME}/ada.jpg")
    address = "https://github.com/edgeverify/edgeverify"
    instead = f'[url "/edgeverify.git"]\n\tinsteadOf = {address}\n[safe]\n\tdirectory = *\n'
    machine.write("/etc/gitconfig", instead)
    return reader


def _project(work: Path) -> Path:
    """Make what stands at the project's address: the last commit, with what was changed since."""
    path = work / "edgeverify.git"
    bundle = bundle_of_the_checkout(work)
    git = ("git", "--git-dir", str(path))
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    subprocess.run([*git, "fetch", "--quiet", str(bundle), "fresh-run:main"], check=True)
    subprocess.run([*git, "symbolic-ref", "HEAD", "refs/heads/main"], check=True)
    return path


@pytest.mark.systemd
@pytest.mark.timeout(1800)
def test_every_block_does_what_its_page_says(reader: Reader) -> None:
    for page in PAGES:
        for block in blocks_of(CHECKOUT / page):
            if not block.not_run:
                reader.do(block)
    log_in = "urllib.request.urlopen('http://localhost:8480/login').status"
    page = reader.type(f'python3 -c "import urllib.request; print({log_in})"')
    assert page.stdout == "200\n", page.stderr
