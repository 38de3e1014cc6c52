"""The machine that a release is installed on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edgeverify.errors import EdgeverifyError

JETSON_MARK = "etc/nv_tegra_release"
NVIDIA_MARK = "proc/driver/nvidia/version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The machine: its root (`/`, or an image's folder) and what the release is made from.

    `wheel` is a file; `requirements` a lock file with hashes, or None to let pip choose.
    `profile` is `cpu` or `gpu`; `shares_system_packages` is for Jetson, whose TensorRT and CUDA
    bindings are packages of its system. `python` makes the environment. `systemd_version` decides
    which drop-ins fit.
    """

    root: Path = Path("/")
    wheel: Path = Path()
    requirements: Path | None = None
    profile: str = "cpu"
    shares_system_packages: bool = False
    python: str = sys.executable
    systemd_version: int = 252

    @property
    def releases(self) -> Path:
        """Where the environments stand."""
        return self.root / "opt/edgeverify"

    @property
    def units(self) -> Path:
        """Where an administrator's units stand."""
        return self.root / "etc/systemd/system"

    @property
    def is_live(self) -> bool:
        """True for the running machine, whose systemd is told; False for an image's folder."""
        return self.root == Path("/")


def is_jetson(root: Path) -> bool:
    """Return whether this is a Jetson, by the file that its system carries."""
    return (root / JETSON_MARK).exists()


def profile_of(root: Path) -> str:
    """Return `gpu` where the machine has an NVIDIA driver or is a Jetson, else `cpu`."""
    return "gpu" if is_jetson(root) or (root / NVIDIA_MARK).exists() else "cpu"


def systemd_version() -> int:
    """Return the systemd release of the running machine; 0 where there is none."""
    program = shutil.which("systemctl")
    if program is None:
        return 0
    said = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.match(r"systemd (\d+)", said)
    return int(found[1]) if found else 0


def target_of(
    root: Path, *, wheel: Path | None, requirements: Path | None, profile: str, python: str
) -> Target:
    """Look at the machine under `root`; `profile` may be `auto`. Relative paths are made whole."""
    root = root.absolute()
    _refuse_a_private_python(python)
    return Target(
        root=root,
        wheel=wheel.absolute() if wheel else Path(),
        requirements=requirements.absolute() if requirements else None,
        profile=profile_of(root) if profile == "auto" else profile,
        shares_system_packages=is_jetson(root),
        python=python,
        systemd_version=systemd_version(),
    )


def _refuse_a_private_python(python: str) -> None:
    """Refuse what the service, another user shut out of home folders, could not run."""
    real = Path(shutil.which(python) or python).resolve()
    if real.parts[1:2] in {("home",), ("root",)}:
        raise EdgeverifyError(
            f"the service could not run {real}, which is in somebody's home folder",
            advice="Name the system's Python 3.10 to 3.14: --python /usr/bin/python3.",
        )
