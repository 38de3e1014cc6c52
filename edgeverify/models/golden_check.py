"""Golden check: the back end in use must give the answers that the bundle states.

Frames by formula with given points go through alignment, resize, colour order, scaling and
network, at every start. A back end that answers otherwise is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from edgeverify.bundle.golden_frames import COUNT, FORMULA, golden_box, golden_frame, golden_points
from edgeverify.bundle.loading import Bundle, PadBundle
from edgeverify.bundle.manifest import GOLDEN_FILE, Manifest, PadManifest, Precision
from edgeverify.domain import Vector
from edgeverify.errors import BundleError
from edgeverify.feeding.alignment import align_points
from edgeverify.feeding.pad_crop import crop_around_box
from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.statement import BundleModel, Feeding
from edgeverify.runtime.embed import embed_chip
from edgeverify.runtime.session import Session

MIN_COSINE: dict[Precision, float] = {"fp32": 0.9999, "fp16": 0.999, "int8": 0.99}
# FP16's length of a vector that is not normalised may be off by so much.
_LENGTH_TOLERANCE = 0.02
_DECIMALS = 4

Values = tuple[float, ...]


class GoldenFrame(BundleModel):
    """One frame: its points (empty for PAD), and the answers by precision (fp16 shares fp32's)."""

    points: tuple[tuple[float, float], ...] = Field(strict=False)
    answers: dict[Literal["fp32", "int8"], tuple[float, ...]] = Field(strict=False)


class Golden(BundleModel):
    """`golden.json`."""

    schema_version: Literal[1] = 1
    formula: int
    frames: tuple[GoldenFrame, ...] = Field(min_length=1, strict=False)


def make_golden(manifest: Manifest, sessions: dict[Literal["fp32", "int8"], Session]) -> Golden:
    """Record what the sessions answer, rounded so that equal machines write equal files."""
    template = manifest.aligns_by
    frames = []
    for index in range(COUNT):
        given = golden_points(index, template)
        points = tuple((round(float(x), 2), round(float(y), 2)) for x, y in given)
        answers = {
            precision: _rounded(_embed(session, manifest, index, points))
            for precision, session in sessions.items()
        }
        frames.append(GoldenFrame(points=points, answers=answers))
    return Golden(formula=FORMULA, frames=tuple(frames))


def check_golden(bundle: Bundle, session: Session) -> float:
    """Run the golden frames; give the lowest cosine, or raise BundleError below the limit."""
    golden = _read(bundle.read(bundle.manifest, GOLDEN_FILE), bundle.manifest.name)
    key: Literal["fp32", "int8"] = "int8" if session.precision == "int8" else "fp32"
    lowest = 1.0
    for index, frame in enumerate(golden.frames):
        answer = _embed(session, bundle.manifest, index, frame.points)
        lowest = min(lowest, _agreement(answer, frame.answers.get(key, ())))
    _require(lowest, session, bundle.manifest.name)
    return lowest


def make_pad_golden(manifest: PadManifest, sessions: Sequence[Session]) -> Golden:
    """Record the raw outputs of every network, one after the other, for each frame."""
    frames = tuple(
        GoldenFrame(points=(), answers={"fp32": _rounded(_pad_outputs(manifest, sessions, index))})
        for index in range(COUNT)
    )
    return Golden(formula=FORMULA, frames=frames)


def check_pad_golden(bundle: PadBundle, sessions: Sequence[Session]) -> float:
    """Run the golden frames through a PAD bundle; as `check_golden`."""
    golden = _read(bundle.read(bundle.manifest, GOLDEN_FILE), bundle.manifest.name)
    lowest = 1.0
    for index, frame in enumerate(golden.frames):
        answer = _pad_outputs(bundle.manifest, sessions, index)
        lowest = min(lowest, _agreement(answer, frame.answers.get("fp32", ())))
    _require(lowest, sessions[0], bundle.manifest.name)
    return lowest


def _embed(
    session: Session, manifest: Manifest, index: int, points: Sequence[tuple[float, float]]
) -> Vector:
    feeding: Feeding = manifest.feeding
    chip = align_points(
        golden_frame(index),
        np.array(points, dtype=np.float32).reshape(-1, 2),
        manifest.aligns_by,
        feeding.size,
        feeding.resize,
    )
    return embed_chip(session, manifest, chip.rgb, "reference")


def _pad_outputs(manifest: PadManifest, sessions: Sequence[Session], index: int) -> Vector:
    left, top, width, height = golden_box(index)
    outputs = []
    for network, session in zip(manifest.networks, sessions, strict=True):
        chip = crop_around_box(
            golden_frame(index),
            left=left,
            top=top,
            width=width,
            height=height,
            crop_scale=network.crop_scale,
            size=manifest.feeding.size,
        )
        outputs.append(session.run(feed(chip, manifest.feeding))[0])
    return np.concatenate(outputs)


def _agreement(answer: NDArray[np.float32], stated: Values) -> float:
    wanted = np.asarray(stated, dtype=np.float64)
    found = answer.astype(np.float64)
    if wanted.shape != found.shape or not np.isfinite(found).all():
        return -1.0
    lengths = float(np.linalg.norm(wanted)), float(np.linalg.norm(found))
    if min(lengths) <= 0 or abs(lengths[1] / lengths[0] - 1) > _LENGTH_TOLERANCE:
        return -1.0
    return float(wanted @ found) / (lengths[0] * lengths[1])


def _require(lowest: float, session: Session, name: str) -> None:
    limit = MIN_COSINE[session.precision]
    if not lowest >= limit:
        raise BundleError(
            f"golden check: {session.name} ({session.precision}) gives other answers than the "
            f"bundle {name} states: cosine {lowest:.5f}, at least {limit} is needed",
            advice="Take another model.runtime, or build the engine or the bundle again.",
        )


def _read(raw: bytes, name: str) -> Golden:
    advice = "Make the bundle again with this release."
    try:
        golden = Golden.model_validate_json(raw)
    except ValidationError:
        raise BundleError(f"{GOLDEN_FILE} of bundle {name} is malformed", advice=advice) from None
    if golden.formula != FORMULA or len(golden.frames) != COUNT:
        raise BundleError(
            f"{GOLDEN_FILE} of bundle {name} is for golden frames that this release does not draw",
            advice=advice,
        )
    return golden


def _rounded(values: NDArray[np.float32]) -> Values:
    return tuple(round(float(value), _DECIMALS) for value in values)
