"""A bare Debian with systemd, and somebody with an account on it who may use sudo."""

from __future__ import annotations

import re
import subprocess
import time

from tests.documented.pages import Block
from tests.fresh.machine import registries
from tests.systemd.container import Container

USER = "integrator"
HOME = f"/home/{USER}"
PLACE = f"{HOME}/.where"
AGAIN_SECONDS = 180.0
"""So long a last command is typed again until it shows what the page says: a camera warms up."""

INSTEAD = {
    # There is no camera in a container: a film of a photograph, whose threshold is set by hand and
    # which is no live person. And no time server.
    "  source: /dev/v4l/by-id/usb-ACME_HD_Camera-video-index0\n": (
        "  source: /srv/door.mp4\n  loop: true\n  stalled_seconds: 15\n"
        'liveness: "off"\n'
        "decision: {threshold: 0.40, timeout_seconds: 30}\n"
        "clock: {allow_unsynced: true}\n"
    ),
    # No relay either.
    "relay: {kind: gpio, line: 17}\n": (
        "relay: {kind: command, release: [/bin/true], rest: [/bin/true]}\n"
        "allow_unsynced_clock: true\n"
    ),
    # A password is typed at a terminal.
    "sudo edgeverify web password kim": (
        "echo 'correct horse battery staple' | sudo edgeverify web password kim"
    ),
}
"""All that is typed otherwise than the pages say."""


class Reader:
    """Does what a page says, one command after another, in one terminal."""

    def __init__(self, machine: Container) -> None:
        self.machine = machine
        environ, _ = registries(machine.files)
        self._environ = [f"{name}={value}" for name, value in environ.items()]
        self._as_root("apt-get", "update", "-qq")
        self._as_root("apt-get", "install", "-y", "-qq", "sudo", "ca-certificates")
        # What carries this machine's way to its package registries reaches sudo's commands too.
        kept = " ".join((*environ, "DEBIAN_FRONTEND"))
        rules = f'{USER} ALL=(ALL) NOPASSWD: ALL\nDefaults env_keep += "{kept}"\n'
        machine.write("/etc/sudoers.d/integrator", rules, 0o440)
        machine.run("useradd", "--create-home", "--shell", "/bin/bash", USER)
        machine.write(PLACE, f"{HOME}\n")
        machine.run("chown", f"{USER}:", PLACE)

    def do(self, block: Block) -> None:
        """Do what a block says; AssertionError where it does not do what the page says."""
        if block.file:
            self._write(block)
            return
        for command in block.commands:
            is_last = command == block.commands[-1]
            if block.stays and is_last:
                self._begin(block, command)
                continue
            said = self._until(block, command, block.shows if is_last else "")
            assert said.returncode in block.exits, _failure(block, command, said)

    def _until(self, block: Block, command: str, shows: str) -> subprocess.CompletedProcess[str]:
        deadline = time.monotonic() + AGAIN_SECONDS
        while True:
            said = self.type(command)
            assert "Traceback" not in said.stdout + said.stderr, _failure(block, command, said)
            if not shows or re.search(shows, said.stdout + said.stderr):
                return said
            assert time.monotonic() < deadline, _failure(block, command, said)
            time.sleep(2)

    def _begin(self, block: Block, command: str) -> None:
        """Type a command that goes on, until it has shown what the page says."""
        for seconds in (20, 60, 180):  # the longer ones on a busy machine alone
            # Inside sudo: that of Ubuntu 22.04 does not pass on what its caller sends.
            ended = f"timeout --signal=INT {seconds}"
            sudo, words = ("sudo ", command[5:]) if command.startswith("sudo ") else ("", command)
            said = self.type(f"{sudo}{ended} {words}")
            if re.search(block.stays, said.stdout):
                return
        raise AssertionError(_failure(block, command, said))

    def _write(self, block: Block) -> None:
        self.machine.write(f"{HOME}/file", _as_here(block.commands[0]))
        said = self.type(f"sudo cp {HOME}/file {block.file}")
        assert said.returncode == 0, _failure(block, block.file, said)

    def type(self, command: str, *, seconds: float = 900) -> subprocess.CompletedProcess[str]:
        """Type a command; where it ends, the next one begins."""
        script = (
            f'cd "$(cat {PLACE})" || exit\n{_as_here(command)}\ncode=$?\npwd > {PLACE}\nexit $code'
        )
        return self.machine.run(
            *("runuser", "-u", USER, "--", "env", f"HOME={HOME}", f"USER={USER}"),
            *(*self._environ, "DEBIAN_FRONTEND=noninteractive", "bash", "-c", script),
            check=False,
            seconds=seconds,
        )

    def _as_root(self, *command: str) -> None:
        self.machine.run(
            *("env", "DEBIAN_FRONTEND=noninteractive", *self._environ, *command), seconds=600
        )


def _as_here(text: str) -> str:
    for said, here in INSTEAD.items():
        text = text.replace(said, here)
    return text


def _failure(block: Block, command: str, said: subprocess.CompletedProcess[str]) -> str:
    return (
        f"{block.name}: `{command}` ended with {said.returncode} and printed\n"
        f"{said.stdout[-3000:]}{said.stderr[-3000:]}\n"
        f"It is to end with {sorted(block.exits)} and to show {block.shows or block.stays!r}."
    )
