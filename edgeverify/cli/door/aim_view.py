"""What `edgeverify aim` sees and shows: one look at one frame, as rows of text and as a picture."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeverify.atomic_file import write_whole
from edgeverify.camera.health import CameraHealth
from edgeverify.domain import Asked, Face, Frame, Gate, QualityFigures, Reason, Refusal
from edgeverify.settings import QualitySettings, Settings

if TYPE_CHECKING:
    from edgeverify.vision.opening import FaceFinder

GREEN, RED = (0, 200, 0), (0, 0, 230)
"""Blue, green, red."""
MESH_LOST = Refusal(reason=Reason.NO_FACE, gate=Gate.MESH_LOST, hint=Asked.SHOW_WHOLE_FACE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """One frame, judged by the door's own gates; `refusal` None: it could be compared."""

    frame: Frame
    health: CameraHealth
    face: Face | None = None
    figures: QualityFigures | None = None
    refusal: Refusal | None = None

    @property
    def is_usable(self) -> bool:
        """Whether the door could compare this frame."""
        return self.refusal is None and self.face is not None and self.health.is_usable

    @property
    def advice(self) -> str:
        """What to do, in a few words."""
        if not self.health.is_usable:
            return f"camera {self.health.state.value}: {self.health.detail}"
        return "good" if self.refusal is None else self.refusal.hint


@dataclass(frozen=True, slots=True)
class Row:
    """One gate: its name, what was measured, what the settings ask for, and whether that fits."""

    name: str
    measured: str
    asked: str
    is_good: bool


class Placement:
    """Looks at frames as the door does, as far as the gates; needs no embedder."""

    def __init__(self, finder: FaceFinder, settings: Settings) -> None:
        self._detector = finder.detector
        self._mesher = finder.mesher
        self._settings = settings

    def look(self, frame: Frame, health: CameraHealth) -> Look:
        """Find the one face and measure it."""
        from edgeverify.vision.dominance import FaceSelection, select
        from edgeverify.vision.quality import measure, refuse

        chosen = select(
            self._detector.detect(frame.rgb),
            FaceSelection.DOMINANT,
            ratio=self._settings.vision.dominance_ratio,
            width=frame.width,
            height=frame.height,
        )
        if isinstance(chosen, Refusal):
            return Look(frame=frame, health=health, refusal=chosen)
        face = self._mesher.mesh(frame.rgb, chosen)
        if face is None:
            return Look(frame=frame, health=health, refusal=MESH_LOST)
        figures = measure(frame.rgb, face)
        refusal = refuse(figures, face.pose, self._settings.quality)
        return Look(frame=frame, health=health, face=face, figures=figures, refusal=refusal)


def rows(look: Look, asked: QualitySettings) -> tuple[Row, ...]:
    """Every gate with its figure, also those behind the first that refuses."""
    if look.figures is None or look.face is None:
        return ()
    figures, pose = look.figures, look.face.pose

    def least(name: str, value: float, limit: float, unit: str = "") -> Row:
        return Row(name, f"{value:.0f}{unit}", f"at least {limit:g}{unit}", value >= limit)

    def turned(name: str, value: float, limit: float) -> Row:
        return Row(name, f"{value:+.0f} deg", f"within {limit:g} deg", abs(value) <= limit)

    between = f"{asked.min_brightness:g} to {asked.max_brightness:g}"
    is_lit = asked.min_brightness <= figures.brightness <= asked.max_brightness
    return (
        least("eye distance", figures.eye_distance_pixels, asked.min_eye_distance_pixels, " px"),
        least("sharpness", figures.sharpness, asked.min_sharpness),
        Row("brightness", f"{figures.brightness:.0f}", between, is_lit),
        least("contrast", figures.contrast, asked.min_contrast),
        least("to the border", figures.border_pixels, asked.min_border_pixels, " px"),
        turned("turned left/right", pose.yaw_degrees, asked.max_yaw_degrees),
        turned("looks up/down", pose.pitch_degrees, asked.max_pitch_degrees),
        turned("tilted", pose.roll_degrees, asked.max_roll_degrees),
        Row(
            "mouth covered",
            f"{figures.mouth_difference:.3f}",
            f"at most {asked.max_mouth_difference:g}",
            figures.mouth_difference <= asked.max_mouth_difference,
        ),
        Row(
            "light on the eyes",
            f"{figures.eye_light:.2f}",
            f"at least {asked.min_eye_light:g}",
            figures.eye_light >= asked.min_eye_light,
        ),
    )


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
        """Seconds of the window, which ends now."""
        begin = now - self.window_seconds
        while self._spans and self._spans[0][1] < begin:
            self._spans.popleft()
        return sum(end - max(start, begin) for start, end, good in self._spans if good)


def draw(look: Look) -> Any:
    """Give the frame as a BGR picture with the face's outline and the verdict."""
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
