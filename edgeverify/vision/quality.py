"""Whether a face is fit to be compared: figures measured once, gates that only read them."""

from __future__ import annotations

import cv2
import numpy as np

from edgeverify.domain import (
    Asked,
    Face,
    Gate,
    HeadPose,
    Points,
    QualityFigures,
    Reason,
    Refusal,
    RgbImage,
)
from edgeverify.settings import QualitySettings
from edgeverify.vision.covered import measure_covering

# Sharpness and light are measured on the face scaled to this many pixels, so that they mean the
# same at every distance.
_SIDE = 112


def measure(rgb: RgbImage, face: Face) -> QualityFigures:
    """Measure the figures of one face in its frame; nothing is judged here."""
    height, width = rgb.shape[:2]
    left, top = face.mesh[:, :2].min(axis=0)
    right, bottom = face.mesh[:, :2].max(axis=0)
    border = min(left, top, width - 1 - right, height - 1 - bottom)
    colour, points = _chip(rgb, face.mesh, (float(left), float(top), float(right), float(bottom)))
    chip = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    mean, deviation = cv2.meanStdDev(chip)
    covering = measure_covering(colour, points)
    _, rough = cv2.meanStdDev(cv2.Laplacian(chip, cv2.CV_16S, ksize=1))
    return QualityFigures(
        eye_distance_pixels=face.eye_distance_pixels,
        sharpness=float(rough[0, 0]) ** 2,
        brightness=float(mean[0, 0]),
        contrast=float(deviation[0, 0]),
        border_pixels=float(border),
        eye_light=covering.eye_light,
        mouth_difference=covering.mouth_difference,
    )


def refuse(figures: QualityFigures, pose: HeadPose, settings: QualitySettings) -> Refusal | None:
    """Return the first gate that refuses, with what to tell the person; None where all pass.

    A figure that is not a number refuses: it compares false with every limit.
    """
    if not figures.eye_distance_pixels >= settings.min_eye_distance_pixels:
        return _refusal(
            Gate.TOO_FAR,
            Asked.MOVE_CLOSER,
            figures.eye_distance_pixels,
            settings.min_eye_distance_pixels,
            "pixels between the eyes",
        )
    if not figures.border_pixels >= settings.min_border_pixels:
        return _refusal(
            Gate.CUT_OFF,
            Asked.MOVE_TO_MIDDLE,
            figures.border_pixels,
            settings.min_border_pixels,
            "pixels from the border",
        )
    if not figures.brightness >= settings.min_brightness:
        return _refusal(
            Gate.TOO_DARK,
            Asked.MORE_LIGHT,
            figures.brightness,
            settings.min_brightness,
            "of 255 in brightness",
        )
    if not figures.brightness <= settings.max_brightness:
        return _refusal(
            Gate.TOO_BRIGHT,
            Asked.LESS_LIGHT,
            figures.brightness,
            settings.max_brightness,
            "of 255 in brightness",
        )
    if not figures.contrast >= settings.min_contrast:
        return _refusal(
            Gate.TOO_DARK,
            Asked.EVEN_LIGHT,
            figures.contrast,
            settings.min_contrast,
            "of 255 in contrast",
        )
    # A mesh in profile guesses the far half: what covers it is asked of those who look ahead.
    return (
        _turned_away(pose, settings) or _covered(figures, settings) or _blurred(figures, settings)
    )


def _turned_away(pose: HeadPose, settings: QualitySettings) -> Refusal | None:
    turns = (
        (
            pose.yaw_degrees,
            settings.max_yaw_degrees,
            Asked.LOOK_AT_CAMERA,
            "degrees to the side",
        ),
        (
            pose.pitch_degrees,
            settings.max_pitch_degrees,
            Asked.LOOK_AHEAD,
            "degrees up or down",
        ),
        (
            pose.roll_degrees,
            settings.max_roll_degrees,
            Asked.HOLD_UPRIGHT,
            "degrees of tilt",
        ),
    )
    for measured, limit, hint, unit in turns:
        if not abs(measured) <= limit:
            return _refusal(Gate.TURNED_AWAY, hint, measured, limit, unit)
    return None


def _covered(figures: QualityFigures, settings: QualitySettings) -> Refusal | None:
    # The mouth first: a mask reaches up to where the eyes' light is compared with.
    if not figures.mouth_difference <= settings.max_mouth_difference:
        return _refusal(
            Gate.MOUTH_COVERED,
            Asked.UNCOVER_MOUTH,
            figures.mouth_difference,
            settings.max_mouth_difference,
            "",
        )
    if not figures.eye_light >= settings.min_eye_light:
        return _refusal(
            Gate.EYES_COVERED,
            Asked.TAKE_OFF_SUNGLASSES,
            figures.eye_light,
            settings.min_eye_light,
            "",
        )
    return None


def _blurred(figures: QualityFigures, settings: QualitySettings) -> Refusal | None:
    if settings.min_sharpness > 0 and not figures.sharpness >= settings.min_sharpness:
        return _refusal(
            Gate.BLURRED,
            Asked.HOLD_STILL,
            figures.sharpness,
            settings.min_sharpness,
            "in sharpness (variance of the Laplacian)",
        )
    return None


def _refusal(gate: Gate, hint: Asked, measured: float, limit: float, unit: str) -> Refusal:
    return Refusal(
        reason=Reason.POOR_QUALITY,
        gate=gate,
        hint=hint,
        measured=measured,
        limit=limit,
        unit=unit,
    )


def _chip(
    rgb: RgbImage, mesh: Points, box: tuple[float, float, float, float]
) -> tuple[RgbImage, Points]:
    """Cut the face's box, uint8 (112, 112, 3), black outside the frame; and the mesh in it."""
    height, width = rgb.shape[:2]
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    right, bottom = min(width, int(box[2]) + 1), min(height, int(box[3]) + 1)
    if right - left < 2 or bottom - top < 2:
        return np.zeros((_SIDE, _SIDE, 3), np.uint8), np.zeros_like(mesh[:, :2])
    part = rgb[top:bottom, left:right]
    is_larger = part.shape[0] > _SIDE
    small = cv2.resize(
        part, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA if is_larger else cv2.INTER_LINEAR
    )
    points = (mesh[:, :2] - (left, top)) * (_SIDE / (right - left), _SIDE / (bottom - top))
    return np.asarray(small, dtype=np.uint8), points.astype(np.float32)
