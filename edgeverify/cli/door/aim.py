"""`edgeverify aim`: whether a face at this door is large, sharp, lit and frontal enough."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeverify.atomic_file import write_whole
from edgeverify.cli.console import plain_errors, say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from edgeverify.camera.camera import Camera
    from edgeverify.settings import Settings
    from edgeverify.verifier.placement import Look, Placement

GREEN, RED = (0, 200, 0), (0, 0, 230)
"""Blue, green, red."""


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
        float,
        typer.Option(min=1, max=3600, help="The share is taken over this many seconds, up to now."),
    ] = 10.0,
) -> None:
    """Show live whether a face at this door could be compared, and for what share of the time.

    For placing camera and lamp. Uses the gates of the config, and neither embedder nor broker. A
    device that the running service holds cannot be opened twice: stop the service first. Exit 1
    when no frame was usable.

    Example: edgeverify aim --camera 0 --picture /tmp/aim.png
    """
    from edgeverify.camera.open_camera import open_camera
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


class UsableSeconds:
    """For how many of the last seconds a face would have been usable."""

    def __init__(self, window_seconds: float) -> None:
        self.window_seconds = window_seconds
        self._spans: deque[tuple[float, float, bool]] = deque()
        self._last: float | None = None

    def add(self, at: float, *, is_usable: bool) -> None:
        """Count the time since the frame before, at most one second, as usable or not."""
        begin = at if self._last is None else max(self._last, at - 1.0)
        self._last = at
        self._spans.append((begin, at, is_usable))

    def seconds(self, now: float) -> float:
        """Return the seconds of the window, which ends now."""
        begin = now - self.window_seconds
        while self._spans and self._spans[0][1] < begin:
            self._spans.popleft()
        return sum(end - max(start, begin) for start, end, good in self._spans if good)


def draw(look: Look) -> Any:
    """Return the frame as a BGR picture with the face's outline and the verdict."""
    import cv2

    picture = cv2.cvtColor(look.frame.rgb, cv2.COLOR_RGB2BGR)
    colour = GREEN if look.is_usable else RED
    scale = look.frame.height / 720
    if look.face is not None:
        for x, y in look.face.mesh[::4, :2]:
            cv2.circle(picture, (round(float(x)), round(float(y))), 1, colour, -1)
        box = look.face.box
        corners = (round(box.left), round(box.top)), (round(box.right), round(box.bottom))
        cv2.rectangle(picture, *corners, colour, max(1, round(2 * scale)))
    place, font = (round(16 * scale), round(40 * scale)), cv2.FONT_HERSHEY_SIMPLEX
    for shade, width in (((0, 0, 0), 5), (colour, 2)):
        cv2.putText(
            picture, look.advice[:60], place, font, scale, shade, max(1, round(width * scale))
        )
    return picture


def save(picture: Any, path: Path) -> None:
    """Write a PNG whole or not at all, readable by its owner only: it shows a face.

    Raises OSError.
    """
    import cv2

    _good, png = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    write_whole(path, png.tobytes(), is_durable=False)
