"""`edgeverify install-service`: a released wheel as a systemd service, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors, say

if TYPE_CHECKING:
    from edgeverify.installation import Action


@plain_errors
def install_service(  # noqa: PLR0913  (each is an option of the command)
    *,
    wheel: Annotated[
        Path | None,
        typer.Option(help="The release: edgeverify-VERSION-py3-none-any.whl.", show_default=False),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print every step and do nothing.")
    ] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the release that ran before.")
    ] = False,
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Remove the service; configs and state stay.")
    ] = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="With --uninstall: configs and state go too.")
    ] = False,
    profile: Annotated[
        str, typer.Option(help="The sandbox: cpu, gpu, or auto (gpu where a driver is).")
    ] = "auto",
    requirements: Annotated[
        Path | None,
        typer.Option(help="Lock file with hashes; without it this release's own."),
    ] = None,
    python: Annotated[
        Path, typer.Option(help="The Python 3.10 to 3.14 that the service runs with.")
    ] = Path("/usr/bin/python3"),
    root: Annotated[Path, typer.Option(help="Install into an image's folder instead.")] = Path("/"),
) -> None:
    """Install a release under /opt/edgeverify/VERSION and switch the service to it.

    Configs (/etc/edgeverify) and state (/var/lib/edgeverify) are never changed by an upgrade. On
    Jetson the environment sees the system's packages, where TensorRT's bindings are.

    Example: sudo edgeverify install-service --wheel edgeverify-0.1.0-py3-none-any.whl --dry-run
    """
    from edgeverify.errors import ConfigError
    from edgeverify.installation import perform, target_of

    if rollback and uninstall:
        raise ConfigError("--rollback and --uninstall exclude each other")
    if purge and not uninstall:
        raise ConfigError("--purge belongs to --uninstall")
    if profile not in {"auto", "cpu", "gpu"}:
        raise ConfigError(f"there is no profile {profile!r}; there are cpu, gpu and auto")
    action: Action = "rollback" if rollback else "uninstall" if uninstall else "install"
    target = target_of(
        root,
        wheel=wheel,
        requirements=requirements or _own_lock(),
        profile=profile,
        python=str(python),
    )
    perform(action, target, say, purge=purge, dry_run=dry_run)


def _own_lock() -> Path | None:
    """Return the lock file that came with this release: in its environment, or its checkout."""
    import sys

    import edgeverify

    installed = Path(sys.prefix) / "share/edgeverify/requirements/daemon.lock"
    checkout = Path(edgeverify.__file__).resolve().parents[1] / "requirements/daemon.lock"
    return next((path for path in (installed, checkout) if path.is_file()), None)
