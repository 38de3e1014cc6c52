"""The picture of `edgeverify explain`: two chips, what spoke for and against, and the figures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from edgeverify.evaluation.images.explain import ExplainedFace, Explanation
from edgeverify.evaluation.pictures.fonts import give_glyphs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

FOR, AGAINST = "RdBu_r", 0.55
"""Colours (red speaks for a match, blue against it) and their weight over the chip."""


def draw_explanation(explanation: Explanation) -> bytes:
    """Return a PNG: chips above, maps in one scale below, score, threshold and quality figures."""
    from matplotlib.cm import ScalarMappable as Mappable  # noqa: PLC0415 - heavy
    from matplotlib.colors import Normalize  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    faces = (explanation.probe, explanation.reference)
    top = max(float(np.abs(face.heat).max()) for face in faces) or 1.0
    scale = Mappable(norm=Normalize(-top, top), cmap=FOR)
    figure = Figure(figsize=(8.4, 9.7), layout="constrained")
    axes = figure.subplots(3, 2, height_ratios=(4, 4, 1.1))
    for column, (role, face) in enumerate(zip(("probe", "reference"), faces, strict=True)):
        chip, overlay, text = axes[:, column]
        chip.imshow(_chip(face))
        chip.set_title(f"{role}: {_short(face.name)}", fontsize=11, parse_math=False)
        overlay.imshow(_overlay(face, scale))
        _write(text, face)
        for one in (chip, overlay, text):
            one.set_axis_off()
    bar = figure.colorbar(scale, ax=list(axes[1]), location="bottom", shrink=0.7, pad=0.02)
    bar.set_label("fall of the score when the place is covered: red for, blue against a match")
    figure.suptitle(headline(explanation), fontsize=12, parse_math=False)
    target = io.BytesIO()
    give_glyphs(figure)
    figure.savefig(target, format="png", dpi=100)
    return target.getvalue()


def headline(explanation: Explanation) -> str:
    """Return score, threshold with its FMR, and verdict in two lines."""
    first = f"{explanation.model}: score {explanation.score:.4f} ({explanation.metric})"
    point = explanation.point
    if point is None:
        return f"{first}\nno threshold: nothing was measured on this model"
    rate = "no stated FMR" if point.max_fmr is None else f"FMR {point.max_fmr:g}"
    verdict = explanation.verdict.replace("_", "-")
    return f"{first}, threshold {point.threshold:.4f} at {rate}\n{verdict}"


def figure_lines(face: ExplainedFace) -> tuple[str, ...]:
    """Return the quality figures, pose, and what the door's gates would say."""
    quality, found = face.seen.quality, face.seen.face
    if quality is None or found is None:
        return ()
    pose = found.pose
    gate = "none" if face.refusal is None else f"{face.refusal.gate.value}: {face.refusal.hint}"
    turned = f"{pose.yaw_degrees:+.0f}, {pose.pitch_degrees:+.0f}, {pose.roll_degrees:+.0f}"
    return (
        f"between the eyes  {quality.eye_distance_pixels:.0f} px",
        f"sharpness         {quality.sharpness:.0f}",
        f"brightness        {quality.brightness:.0f} of 255, contrast {quality.contrast:.0f}",
        f"to the border     {quality.border_pixels:.0f} px",
        f"yaw, pitch, roll  {turned} degrees",
        f"gate at a door    {gate}",
    )


def _write(axes: Axes, face: ExplainedFace) -> None:
    axes.text(
        0.0,
        1.0,
        "\n".join(figure_lines(face)),
        family="monospace",
        fontsize=8.5,
        va="top",
        transform=axes.transAxes,
        parse_math=False,
    )


def _chip(face: ExplainedFace) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if not face.seen.chips:
        return np.zeros((1, 1, 3), np.uint8)
    return face.seen.chips[0].rgb


def _overlay(
    face: ExplainedFace, scale: ScalarMappable
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    grey = _chip(face).mean(axis=2, keepdims=True) / 255
    colours = np.asarray(scale.to_rgba(face.heat))[..., :3]
    return np.asarray((1 - AGAINST) * grey + AGAINST * colours)


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"...{name[-37:]}"
