"""The images' steps, one after another in bare Debians; no registry and no Docker is needed."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.absent import absent
from tests.fresh.machine import FreshMachine, fresh_machine

pytestmark = pytest.mark.packaging
CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "packaging/docker"
CACHE = CHECKOUT / ".cache/packaging"


@dataclass
class Image:
    """What one stage of the Dockerfile has become."""

    machine: FreshMachine
    folder: str = "/"
    user: str = "root"
    environ: dict[str, str] = field(default_factory=dict)
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def run(self, script: str, *, user: str = "") -> str:
        """Run shell lines as the image would."""
        before = "".join(f"export {name}={value}; " for name, value in self.environ.items())
        return self.machine.run(f"{before}cd {self.folder}; {script}", user=user or self.user)


def _copy(words: str, image: Image, images: dict[str, Image]) -> None:
    found = re.match(r"--from=(\S+) (.*)", words)
    source = images[found[1]].machine.files if found else CHECKOUT
    *sources, to = (found[2] if found else words).split()
    target = image.machine.files / str(Path(image.folder, to)).lstrip("/")
    for name in sources:
        path = source / name.lstrip("/")
        if path.is_dir():
            shutil.copytree(
                path, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def _build(stack: ExitStack) -> dict[str, Image]:
    """Do every step of the Dockerfile; return its stages by name."""
    parse = pytest.importorskip("dockerfile_parse", reason="make test-packaging installs it")
    text = (FOLDER / "Dockerfile").read_bytes()
    parser = parse.DockerfileParser(fileobj=io.BytesIO(text))
    images: dict[str, Image] = {}
    for step in parser.structure:
        kind, words = step["instruction"], " ".join(step["value"].split())
        if kind == "COMMENT":
            continue
        if kind == "FROM":
            base, _, name = words.partition(" AS ")
            assert base == "debian:bookworm-slim"
            log = CACHE / f"{name}.log"
            machine = stack.enter_context(fresh_machine("bookworm", CACHE, log))
            image = images[name] = Image(machine)
        elif kind == "RUN":
            image.run(words, user="root" if image.user == "root" else image.user)
        elif kind == "COPY":
            _copy(words, image, images)
        elif kind == "WORKDIR":
            image.folder = words
            image.machine.run(f"mkdir -p {words}")
        elif kind == "ENV":
            image.environ |= dict(pair.split("=", 1) for pair in words.split())
        elif kind == "USER":
            image.user = words
        elif kind in {"ENTRYPOINT", "CMD"}:
            setattr(image, "entry" if kind == "ENTRYPOINT" else "command", json.loads(words))
        else:
            assert kind in {"VOLUME", "HEALTHCHECK"}, kind
    return images


@pytest.fixture
def images() -> Iterator[dict[str, Image]]:
    if os.geteuid() != 0 or shutil.which("systemd-nspawn") is None:
        absent("the images' contents are made in containers: root, systemd-nspawn")
    CACHE.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        yield _build(stack)


@pytest.mark.timeout(1800)
def test_each_step_works_and_the_door_takes_the_brokers_own_files(images: dict[str, Image]) -> None:
    door, broker = images["door"], images["broker"]
    assert door.user == "edgeverify"
    assert door.entry == ["edgeverify"]
    assert "\nedgeverify 0." in door.run("edgeverify --version")
    setup = "edgeverify broker setup /etc/mosquitto/edgeverify --door front-door --host broker"
    door.run(setup, user="root")
    made = door.machine.files / "etc/mosquitto/edgeverify"
    shutil.copytree(made, broker.machine.files / "etc/mosquitto/edgeverify", dirs_exist_ok=True)
    for path in made.rglob("*"):  # a bind mount keeps owners
        owner = path.stat()
        os.chown(
            broker.machine.files / path.relative_to(door.machine.files), owner.st_uid, owner.st_gid
        )
    os.chown(
        broker.machine.files / "etc/mosquitto/edgeverify", made.stat().st_uid, made.stat().st_gid
    )
    # An image has a network of its own, in which nobody else's broker has the port.
    started = (
        "unshare --net setpriv --reuid mosquitto --regid mosquitto --clear-groups "
        "timeout 3 /usr/sbin/mosquitto -c /etc/mosquitto/edgeverify/mosquitto.conf || test $? = 124"
    )
    said = broker.run(started, user="root")
    assert "Error" not in said
    assert "Opening ipv4 listen socket on port 8883" in said
    door.run("cp -a /etc/mosquitto/edgeverify /broker; mkdir -p /etc/edgeverify", user="root")
    written = re.search(r"(?ms)^#   (mqtt: .*?\}\})$", (FOLDER / "compose.yaml").read_text("utf-8"))
    assert written
    mqtt = re.sub(r"\n# +", "\n  ", written[1])
    config = door.machine.files / "etc/edgeverify/edgeverify.yaml"
    config.write_text(f"door: front-door\ntime_zone: UTC\n{mqtt}\n")
    said = door.run("edgeverify check-config /etc/edgeverify/edgeverify.yaml || true")
    assert "password" not in said, said
    assert "ca_file" not in said, said
    assert "Traceback" not in said


def test_the_compose_file_is_one() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        absent("docker-compose is not installed (make test-packaging)")
    done = subprocess.run(
        [program, "-f", str(FOLDER / "compose.yaml"), "config"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
