"""Debian and Ubuntu roots made by debootstrap.

Debian's packages come from wherever this machine gets its own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

UBUNTUS = frozenset({"jammy", "noble", "resolute"})
_UBUNTU_SCRIPT = "/usr/share/debootstrap/scripts/gutsy"
"""Of every Ubuntu since 2007, with its archive's address; releases younger than debootstrap too."""
_UBUNTU_KEYS = "/usr/share/keyrings/ubuntu-archive-keyring.gpg"


def debian_mirror() -> str:
    """Where this machine gets its Debian packages, so that nothing here names a host."""
    said = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    usable = [address for address in said if "debian" in address and "security" not in address]
    return usable[0] if usable else ""


def mounted_below(folder: Path, mounts: str) -> list[str]:
    """Return what lies mounted below `folder` by the text of /proc/self/mounts, deepest first."""
    # Blanks in a name stand there as \\040 (proc_pid_mounts(5)).
    places = [line.split()[1].replace("\\040", " ") for line in mounts.splitlines()]
    return sorted((p for p in places if Path(p).is_relative_to(folder.resolve())), reverse=True)


def let_go(folder: Path) -> None:
    """Unmount what an interrupted debootstrap left mounted in there: it could not be removed."""
    for place in mounted_below(folder, Path("/proc/self/mounts").read_text(encoding="utf-8")):
        subprocess.run(["umount", "--lazy", place], check=True)


def debian_root(folder: Path, suite: str, *, include: str = "") -> Path:
    """Return the folder of a minimal Debian, made on the first call (one or two minutes).

    One that was made with other packages is made anew. Whoever comes while another process makes
    it waits for it. AssertionError with debootstrap's last lines where it cannot be made.
    """
    if _is_complete(folder, include):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_complete(folder, include):
            return folder
        let_go(folder)
        shutil.rmtree(folder, ignore_errors=True)
        done = subprocess.run(
            _debootstrap(folder, suite, include),
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        (folder / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        (folder / "complete").write_text(include, encoding="utf-8")
    return folder


def _debootstrap(folder: Path, suite: str, include: str) -> list[str]:
    command = ["debootstrap", "--variant=minbase", *([f"--include={include}"] * bool(include))]
    if suite in UBUNTUS:
        # Debian has no package of Ubuntu's keys, and what is made here is thrown away.
        unchecked = [] if Path(_UBUNTU_KEYS).exists() else ["--no-check-gpg"]
        components = "--components=main,universe"
        return [*command, components, *unchecked, suite, str(folder), "", _UBUNTU_SCRIPT]
    mirror = debian_mirror()
    return [*command, suite, str(folder), *([mirror] if mirror else [])]


def _is_complete(folder: Path, include: str) -> bool:
    """Whether it was made to its end, with these packages; who names none takes what is there."""
    stamp = folder / "complete"
    return stamp.exists() and include in ("", stamp.read_text(encoding="utf-8"))
