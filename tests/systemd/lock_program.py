"""The lock program in the container: installed by the steps of docs/lock.md."""

from __future__ import annotations

import subprocess

from .conftest import HOUSE
from .container import Container
from .wheels import CHECKOUT, PIP, ask_pip

FOLDER = "/etc/edgeverify-lock"


def install_lock(machine: Container) -> None:
    """Install the lock's own wheel from a folder of wheels, its unit and its user, once."""
    wheels = machine.files / "lock-wheels"
    if wheels.exists():
        return
    wheels.mkdir()
    command = [*PIP, "wheel", "--no-deps", "--wheel-dir", str(wheels)]
    subprocess.run([*command, str(CHECKOUT / "packaging/lock")], check=True)
    (made,) = wheels.glob("*.whl")
    ask_pip(["download", "--only-binary", ":all:", made.name], wheels)
    machine.run("python3", "-m", "venv", "/opt/edgeverify-lock")
    offline = ("--quiet", "--no-index", "--find-links", "/lock-wheels")
    pip = "/opt/edgeverify-lock/bin/pip"
    machine.run(pip, "install", *offline, "edgeverify-lock", seconds=300)
    shipped = "/checkout/systemd/edgeverify-lock"
    machine.run("install", "-m", "644", f"{shipped}@.service", "-t", "/etc/systemd/system")
    users = "/etc/sysusers.d/edgeverify-lock.conf"
    machine.run("install", "-D", "-m", "644", f"{shipped}.sysusers.conf", users)
    machine.run("systemd-sysusers")
    machine.run("install", "-d", "-m", "750", "-g", "edgeverify-lock", FOLDER)
    machine.run("cp", f"{HOUSE}/ca.crt", FOLDER)


def give_lock(machine: Container, instance: str, config: str, pem: bytes, login: str) -> None:
    """Put one lock's config, its door's public key and its password where the unit reads them."""
    machine.write(f"{FOLDER}/{instance}.yaml", config, 0o644)
    machine.write(f"{FOLDER}/{instance}-door.pub", pem)
    machine.run(
        "install", "-m", "600", "-o", "edgeverify-lock",
        f"{HOUSE}/logins/{login}/password", f"{FOLDER}/{instance}.password",
    )  # fmt: skip
    machine.run("systemctl", "daemon-reload")
