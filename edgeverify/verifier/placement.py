"""One look at one frame by the door's own gates, for placing camera and lamp; needs no embedder."""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify.camera.camera import CameraHealth
from edgeverify.domain import Asked, Face, Frame, Gate, QualityFigures, Reason, Refusal
from edgeverify.settings import QualitySettings, Settings
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify.vision.opening import FaceFinder
from edgeverify.vision.quality import measure, refuse

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
        boxes = self._detector.look_nearer(
            frame.rgb,
            self._detector.detect(frame.rgb),
            smallest=self._settings.quality.min_eye_distance_pixels,
        )
        chosen = select(
            boxes,
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
