"""One photo to one embedding, by the door's own pipeline, or a refusal a person can act on.

`PhotoJudge` opens that pipeline only for the first photo that needs it: a reload that changes
nobody's photo then costs no second detector and mesh (45 MiB).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from edgeverify.comparison import Metric
from edgeverify.domain import (
    SMALL_PHOTO_PIXELS,
    Embedding,
    Gate,
    OperatingPoint,
    Refusal,
    RgbImage,
)
from edgeverify.enrolment.photo import Photo
from edgeverify.errors import FaceNotUsableError
from edgeverify.feeding.statement import Side
from edgeverify.settings import EnrolmentSettings, QualitySettings
from edgeverify.verifier.pipeline import Pipeline, ProbeResult


class PhotoJudge:
    """The model's space, metric and thresholds at once; a pipeline when it is asked for."""

    def __init__(
        self,
        open_pipeline: Callable[[], Pipeline],
        *,
        embedding_space: str,
        metric: Metric,
        point: OperatingPoint | None,
    ) -> None:
        """`point` has the scores, in `metric`, from which photos look alike.

        None where no threshold is known: then nobody is compared with anybody. What `open_pipeline`
        opens is closed by `close`.
        """
        self.embedding_space = embedding_space
        self.metric: Metric = metric
        self.point = point
        self._open_pipeline = open_pipeline
        self._pipeline: Pipeline | None = None
        self._is_shared = False

    @classmethod
    def using(cls, pipeline: Pipeline, *, point: OperatingPoint | None) -> PhotoJudge:
        """Judge by a pipeline that is open already, and stays open."""
        judge = cls(
            lambda: pipeline,
            embedding_space=pipeline.embedder.embedding_space,
            metric=pipeline.embedder.metric,
            point=point,
        )
        judge._is_shared = True
        return judge

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline, opened now where it is not yet."""
        if self._pipeline is None:
            self._pipeline = self._open_pipeline()
        return self._pipeline

    def close(self) -> None:
        """Free the pipeline where one was opened for this judge alone."""
        if self._pipeline is not None and not self._is_shared:
            self._pipeline.close()
        self._pipeline = None


_WHY = {
    Gate.NO_FACE: (
        "no face was found in it",
        "Use a photo of one face that looks at the camera, upright and lit from the front.",
    ),
    Gate.MULTIPLE_FACES: ("it shows several faces", "Crop it to one face."),
    Gate.TOO_FAR: (
        "the face is too small",
        "Use a larger photo of it, or the camera's own instead of a reduced copy.",
    ),
    Gate.TURNED_AWAY: (
        "the face does not look straight at the camera",
        "Use a photo from the front; where the picture is turned, turn it upright and save it.",
    ),
    Gate.BLURRED: ("the face is blurred", "Use a sharp photo."),
    Gate.TOO_DARK: ("the face is too dark or too flat", "Use a photo with light on the face."),
    Gate.TOO_BRIGHT: ("the face is too bright", "Use a photo without flash or sun on the face."),
    Gate.CUT_OFF: (
        "the face is cut off by the picture's border",
        "Use a photo with room around the face.",
    ),
    Gate.EYES_COVERED: ("dark glasses cover the eyes", "Use a photo without sunglasses"),
    Gate.MOUTH_COVERED: ("mouth and nose are covered", "Use a photo without a mask or a scarf"),
    Gate.MESH_LOST: (
        "the face could not be traced (covered, or not a face)",
        "Use a photo of the whole face, without a mask or a hand before it.",
    ),
}
"""What a gate says of a photo, and what to do about it."""

GREY_SHARE, GREY_LEVELS = 95.0, 8.0
"""A photo is without colour where this many per cent of its pixels differ by so few levels between
red, green and blue; a stamp in colour, or a scanner's tint, may be more."""

MARGIN = 0.5
"""Share of the picture's size that is added on each side when no face was found: the detector was
trained on faces with room around them, and an ID-card photo may have none."""


QUARTERS = (1, 3, 2)
"""Quarter turns, counted against the clock, that are tried where no upright face is found."""
ON_ITS_SIDE = {Gate.NO_FACE, Gate.TURNED_AWAY, Gate.MESH_LOST}
"""What a photo that lies on its side is refused for."""


class _LiesOnItsSideError(FaceNotUsableError):
    """Refused for what a turn of the picture could mend."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncodedPhoto:
    """An embedding of a photo, and what a person should know about it though it was taken.

    `weaknesses` say in words why a second photo would help: small, old in style.
    """

    embedding: Embedding
    is_small: bool = False
    warning: str = ""
    weaknesses: tuple[str, ...] = ()


def encode_photo(
    pipeline: Pipeline, photo: Photo, rules: EnrolmentSettings, quality: QualitySettings
) -> EncodedPhoto:
    """Embed the one dominant face of `photo` under the enrolment gates.

    These are the door's own `quality`, with the smaller eye distance that `rules` allow. Raises
    FaceNotUsableError with the photo's name and what is wrong with it.
    """
    gates = quality.model_copy(update={"min_eye_distance_pixels": rules.min_eye_distance_pixels})
    try:
        seen, embedding = _probe(pipeline, photo, gates, "reference")
    except _LiesOnItsSideError as error:
        return _turned(pipeline, photo, gates, rules, error)
    return _encoded(photo, seen, embedding, rules)


def _turned(
    pipeline: Pipeline,
    photo: Photo,
    gates: QualitySettings,
    rules: EnrolmentSettings,
    refused: FaceNotUsableError,
) -> EncodedPhoto:
    """Embed a photo that lies on its side without saying so (no EXIF); else raise `refused`."""
    for quarters in QUARTERS:
        rgb = np.ascontiguousarray(np.rot90(photo.rgb, quarters))
        try:
            seen, embedding = _probe(pipeline, replace(photo, rgb=rgb), gates, "reference")
        except FaceNotUsableError:
            continue
        said = f"{photo.name}: was turned by {quarters * 90} degrees; save it upright"
        found = _encoded(photo, seen, embedding, rules)
        return replace(found, warning="; ".join(filter(None, (said, found.warning))))
    raise refused


def _encoded(
    photo: Photo, seen: ProbeResult, embedding: Embedding, rules: EnrolmentSettings
) -> EncodedPhoto:
    pixels = seen.quality.eye_distance_pixels if seen.quality else 0.0
    is_small = not pixels >= SMALL_PHOTO_PIXELS
    weak = (("small", is_small), ("without colour, as old ones are", _is_grey(photo.rgb)))
    return EncodedPhoto(
        embedding=embedding,
        is_small=is_small,
        warning=_warning(photo, pixels, rules),
        weaknesses=tuple(word for word, is_so in weak if is_so),
    )


def embed_photo(pipeline: Pipeline, photo: Photo, side: Side) -> Embedding:
    """Embed the one dominant face of `photo`, whatever its quality; for comparing two images.

    Raises FaceNotUsableError with the photo's name and what is wrong with it.
    """
    return _probe(pipeline, photo, None, side)[1]


def probe_photo(pipeline: Pipeline, photo: Photo, side: Side = "probe") -> ProbeResult:
    """See the one dominant face of `photo` as `embed_photo` does, with all that was measured.

    Raises FaceNotUsableError; what is returned has a face, a chip and an embedding.
    """
    return _probe(pipeline, photo, None, side)[0]


def _probe(
    pipeline: Pipeline, photo: Photo, gates: QualitySettings | None, side: Side
) -> tuple[ProbeResult, Embedding]:
    try:
        seen = pipeline.probe(photo.rgb, gates=gates, side=side)
        if seen.refusal is not None and not seen.boxes:
            seen = pipeline.probe(_with_margin(photo.rgb), gates=gates, side=side)
    except (ValueError, ArithmeticError) as error:
        raise FaceNotUsableError(f"{photo.name}: {error}") from None
    if seen.refusal is not None or seen.embedding is None:
        why, advice = _why(seen.refusal)
        gate = None if seen.refusal is None else seen.refusal.gate
        kind = _LiesOnItsSideError if gate in ON_ITS_SIDE else FaceNotUsableError
        raise kind(f"{photo.name}: {why}", advice=advice)
    return seen, seen.embedding


def _with_margin(rgb: RgbImage) -> RgbImage:
    height, width = rgb.shape[:2]
    rows, columns = round(height * MARGIN), round(width * MARGIN)
    return np.pad(rgb, ((rows, rows), (columns, columns), (0, 0)), mode="edge")


def _warning(photo: Photo, pixels: float, rules: EnrolmentSettings) -> str:
    if pixels >= rules.warn_eye_distance_pixels:
        return ""
    held = "" if pixels >= SMALL_PHOTO_PIXELS else ", and it is held to a tighter threshold"
    return (
        f"{photo.name}: only {pixels:.0f} pixels between the eyes{held}; a larger photo "
        f"(from {rules.warn_eye_distance_pixels:g}) is recognised more reliably"
    )


def _is_grey(rgb: RgbImage) -> bool:
    """Return whether a photo has no colour: nearly all pixels have three like values."""
    spread = np.ptp(rgb.astype(np.int16), axis=2)
    return float(np.percentile(spread, GREY_SHARE)) <= GREY_LEVELS


def _why(refusal: Refusal | None) -> tuple[str, str]:
    """Return what is wrong, measured where that tells something, and what to do."""
    if refusal is None:
        return "nothing came of it", ""
    text, advice = _WHY.get(refusal.gate, (refusal.hint, ""))
    measured, limit = refusal.measured, refusal.limit
    if measured is None or limit is None or not refusal.unit:
        return text, advice
    size = abs(measured) if refusal.gate is Gate.TURNED_AWAY else measured
    bound = "at most" if size > limit else "at least"
    shown = f"{size:.0f}" if f"{size:.0f}" != f"{limit:g}" else f"{size:.2f}"
    return f"{text}: {shown} {refusal.unit}, and it must be {bound} {limit:g}", advice
