"""`edgeverify aim`: whether a face at this door is large, sharp, lit and frontal enough."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors, say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from edgeverify.camera.camera import Camera
    from edgeverify.cli.door.aim_view import UsableSeconds
    from edgeverify.settings import Settings
    from edgeverify.verifier.placement import Look, Placement


@plain_errors
def aim(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The door's YAML; without it the defaults."),
    ] = None,
    *,
    camera: Annotated[
        str, typer.Option(help="Another camera than the config's: a device, file or address.")
    ] = "",
    picture: Annotated[
        Path, typer.Option(help="PNG that is rewritten every second; it shows the face.")
    ] = Path("aim.png"),
    seconds: Annotated[
        float,
        typer.Option(min=0, help="Stop after this many seconds; 0: at Ctrl-C or the video's end."),
    ] = 0.0,
    window: Annotated[
        float, typer.Option(min=1, max=3600, help="Length of 'the last seconds'.")
    ] = 10.0,
) -> None:
    """Show live whether a face at this door could be compared, and what share of the time.

    For placing camera and lamp. Uses the gates of the config, and neither embedder nor broker. A
    device that the running service holds cannot be opened twice: stop the service first. Exit 1
    when no frame was usable.

    Example: edgeverify aim --camera 0 --picture /tmp/aim.png
    """
    from edgeverify.camera.open_camera import open_camera
    from edgeverify.cli.door.aim_view import UsableSeconds
    from edgeverify.models.folders import models_directory
    from edgeverify.progress import download_bar
    from edgeverify.verifier.pipeline import open_face_finder
    from edgeverify.verifier.placement import Placement

    settings, folder = _settings(config, camera)
    with ExitStack() as stack:
        with download_bar() as progress:
            finder = open_face_finder(
                models_directory(os.environ), settings.vision, progress=progress
            )
        stack.callback(finder.close)
        source = open_camera(settings.camera, folder=folder)
        stack.callback(source.close)
        usable = UsableSeconds(window)
        end = source.now() + seconds if seconds else float("inf")
        session = _Session(source, Placement(finder, settings), settings, usable)
        try:
            with _screen() as show:
                session.watch(show, picture, end)
        except KeyboardInterrupt:
            pass
    say(f"{session.usable_frames} of {session.frames} frames were usable; {picture}")
    if not session.usable_frames:
        raise typer.Exit(1)


class _Session:
    """The frames of one run, and what became of them."""

    def __init__(
        self, camera: Camera, placement: Placement, settings: Settings, usable: UsableSeconds
    ) -> None:
        self._camera = camera
        self._placement = placement
        self._settings = settings
        self._usable = usable
        self.frames = 0
        self.usable_frames = 0

    def watch(self, show: Callable[[RenderableType], None], picture: Path, end: float) -> None:
        """Look at frame after frame until `end` on the camera's clock, or the video's own end."""
        from edgeverify.camera.camera import CameraState
        from edgeverify.cli.door.aim_view import draw, save
        from edgeverify.errors import CameraError

        seen, drawn_at = 0, float("-inf")
        while self._camera.now() < end:
            frame = self._camera.latest(seen, 0.5)
            health = self._camera.health()
            if frame is None:
                show(f"camera {health.state.value}: {health.detail}")
                if health.state is CameraState.ENDED:
                    return
                continue
            seen = frame.sequence
            look = self._placement.look(frame, health)
            self._count(look)
            if frame.captured_at - drawn_at >= 1.0:
                drawn_at = frame.captured_at
                try:
                    save(draw(look), picture)
                except OSError as error:
                    raise CameraError(f"{picture}: cannot be written: {error.strerror}") from None
            show(self._table(look))

    def _count(self, look: Look) -> None:
        self.frames += 1
        self.usable_frames += look.is_usable
        self._usable.add(look.frame.captured_at, is_usable=look.is_usable)

    def _table(self, look: Look) -> RenderableType:
        from rich.table import Table

        from edgeverify.verifier.placement import rows

        good = self._usable.seconds(look.frame.captured_at)
        title = f"usable for {good:.1f} of the last {self._usable.window_seconds:g} s"
        table = Table(title=title, caption=look.advice, title_justify="left")
        for heading in ("", "measured", "asked for", ""):
            table.add_column(heading, justify="right" if heading == "measured" else "left")
        rate = look.health.frames_per_second
        table.add_row("camera", f"{rate:.0f} a second", "ok", _mark(good=look.health.is_usable))
        for row in rows(look, self._settings.quality):
            table.add_row(row.name, row.measured, row.asked, _mark(good=row.is_good))
        return table


def _mark(*, good: bool) -> str:
    return "[green]ok[/]" if good else "[red]NO[/]"


@contextmanager
def _screen() -> Iterator[Callable[[RenderableType], None]]:
    """Show a table that changes in place on a terminal; elsewhere one line each second."""
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

    if sys.stdout.isatty():
        with Live(console=Console(), refresh_per_second=8) as live:
            yield live.update
        return
    said_at = float("-inf")

    def line(what: RenderableType) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= 1.0:
            said_at = time.monotonic()
            say(f"{what.title}: {what.caption}" if isinstance(what, Table) else str(what))

    yield line


def _settings(config: Path | None, camera: str) -> tuple[Settings, Path]:
    from edgeverify.config import load_config
    from edgeverify.settings import Settings

    loaded = None if config is None else load_config(config)
    settings = Settings() if loaded is None else loaded.settings
    folder = Path() if loaded is None else loaded.folder
    if camera:
        # What is typed here is relative to here, not to the config.
        chosen = settings.camera.model_copy(update={"source": camera})
        return settings.model_copy(update={"camera": chosen}), Path()
    return settings, folder
