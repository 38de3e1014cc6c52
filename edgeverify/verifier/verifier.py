"""The model in use: bundle, back end, golden check, thresholds, and the PAD bundle beside it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.bundle.fusion import EmbedderBundle, load_embedder
from edgeverify.bundle.loading import PadBundle, load_pad_bundle
from edgeverify.bundle.threshold_choice import choose_operating_point
from edgeverify.bundle.vision_bundle import NAME as VISION
from edgeverify.bundle.vision_bundle import VisionBundle, load_vision_bundle
from edgeverify.domain import Degradation, FaultName, OperatingPoint
from edgeverify.errors import BundleError, ConfigError, EdgeverifyError
from edgeverify.liveness import LivenessPlan, PadState, plan_liveness
from edgeverify.logs import fields
from edgeverify.models.build import ensure_bundle, resolve_bundle
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.progress import Progress, silent
from edgeverify.runtime.open_session import (
    OpenedSessions,
    open_pad_sessions,
    open_sessions,
    thread_count,
)
from edgeverify.settings import DEFAULT_BUNDLE, Settings
from edgeverify.verifier.pipeline import PadStage, Pipeline, open_pipeline
from edgeverify.vision.embedder import embedder_of
from edgeverify.vision.opening import open_finder
from edgeverify.vision.pad import PadModel

LOG = logging.getLogger("edgeverify.model")

NOT_VERIFIED = "feeding not verified: `edgeverify-export parity --pairs` on real faces checks it"
"""A wrong statement about colour order, range or alignment passes every other check."""


@dataclass(slots=True, eq=False, kw_only=True)
class Brain:
    """Everything that turns pixels into scores, checked by its golden answers."""

    bundle: EmbedderBundle
    vision: VisionBundle
    opened: OpenedSessions
    pad: PadStage | None
    pad_state: PadState
    notices: tuple[Degradation, ...]
    golden_cosine: float
    measured_pad_threshold: float = 1.0
    opened_pad: OpenedSessions | None = None

    @property
    def embedding_space(self) -> str:
        """The space that references must be of; INT8 has its own."""
        return self.bundle.space_of([session.precision for session in self.opened.sessions])

    @property
    def runtime(self) -> str:
        """The back end that runs the embedder, every network of it."""
        return self.opened.sessions[0].name

    @property
    def is_feeding_verified(self) -> bool:
        """Whether parity on real pairs found no better statement of how to feed the networks."""
        return all(part.manifest.feeding_verified for part in self.bundle.parts)

    @property
    def facts(self) -> dict[str, str]:
        """What every journal row says of the model."""
        return {
            "model": self.bundle.name,
            "embedding_space": self.embedding_space,
            "runtime": self.runtime,
        }

    def plan(self, settings: Settings) -> LivenessPlan:
        """Say what liveness means with what is installed."""
        return plan_liveness(settings.liveness, self.pad_state)

    def point(self, settings: Settings, references: int = 1) -> OperatingPoint:
        """Choose the threshold. Raises ConfigError where no evidence carries the stated rate."""
        return choose_operating_point(
            self.bundle.operating_points_in(self.embedding_space),
            settings.decision,
            bundle_name=self.bundle.name,
            references=references,
        )

    def pad_threshold(self, settings: Settings) -> float:
        """Return the P(live) that passive liveness needs: as set, else as the bundle measured."""
        if settings.pad.threshold is not None:
            return settings.pad.threshold
        return self.measured_pad_threshold

    def close(self) -> None:
        """Give the embedder's and the liveness networks' sessions back."""
        _close(self.opened)
        if isinstance(self.pad, PadModel):
            self.pad.close()

    def pipeline(self, settings: Settings, point: OperatingPoint) -> Pipeline:
        """Make a pipeline on this session; each thread needs its own.

        BundleError where detector and mesher fail their golden check.
        """
        return open_pipeline(
            embedder_of(self.bundle, self.opened.sessions),
            open_finder(self.vision, settings.vision),
            quality=settings.quality,
            vision=settings.vision,
            point=point,
            pad=self.pad,
        )


def require_fit_for_a_door(bundle: EmbedderBundle, settings: Settings) -> None:
    """Refuse a network that is marked as no good at a door, unless the config accepts it.

    ConfigError. A fusion is as good as the whole of it, so its parts are not asked.
    """
    weak = bundle.manifest.weak
    if weak and not settings.model.accept_weak:
        raise ConfigError(
            f"model.bundle {bundle.name} is not for a door: {weak}",
            advice=f"Take {DEFAULT_BUNDLE}, or write `model.accept_weak: true` to run it all the "
            "same.",
        )


def open_brain(
    settings: Settings,
    models: Path,
    owner_key: Ed25519PublicKey | None,
    *,
    at_door: bool = False,
    progress: Progress = silent,
) -> Brain:
    """Open what the settings name; `progress` is told what is fetched at the first need.

    `at_door`: somebody is let in by it, so a network that is too weak for that is a ConfigError.
    Raises BundleError or RuntimeUnavailableError.
    """
    vision = load_vision_bundle(ensure_bundle(VISION, models, progress=progress))
    folder = resolve_bundle(settings.model.bundle, models, progress=progress)
    bundle = load_embedder(folder, owner_key=owner_key)
    if at_door:
        require_fit_for_a_door(bundle, settings)
    opened = open_sessions(bundle.parts, settings.model)
    try:
        each = zip(bundle.parts, opened.sessions, strict=True)
        cosine = min(check_golden(part, session) for part, session in each)
    except BaseException:
        _close(opened)
        raise
    is_verified = all(part.manifest.feeding_verified for part in bundle.parts)
    LOG.log(
        logging.INFO if is_verified else logging.WARNING,
        "model ready" if is_verified else f"model ready, {NOT_VERIFIED}",
        extra=fields(
            model=bundle.name, runtime=opened.sessions[0].name, golden_cosine=round(cosine, 6)
        ),
    )
    _say_why_not(opened.refused)
    try:
        found = _open_pad(settings, models, owner_key)
    except BaseException:
        _close(opened)
        raise
    return Brain(
        bundle=bundle,
        vision=vision,
        opened=opened,
        pad=found.stage,
        pad_state=found.state,
        notices=found.notices,
        golden_cosine=cosine,
        measured_pad_threshold=found.threshold,
        opened_pad=found.opened,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pad:
    """What became of the PAD bundle. Without a measured threshold nothing is ever live."""

    state: PadState
    stage: PadModel | None = None
    opened: OpenedSessions | None = None
    threshold: float = 1.0
    notices: tuple[Degradation, ...] = ()


def _open_pad(settings: Settings, models: Path, owner_key: Ed25519PublicKey | None) -> _Pad:
    if settings.liveness in {"off", "challenge"}:
        return _Pad(state=PadState.ABSENT)
    try:
        folder = resolve_bundle(settings.model.pad_bundle, models)
    except BundleError:
        return _Pad(state=PadState.ABSENT)
    try:
        bundle = load_pad_bundle(folder, owner_key=owner_key)
        opened, cosine = _checked_pad(bundle, settings)
    except EdgeverifyError as error:
        # An installed and broken bundle denies; it never falls back to an easier proof.
        return _broken(FaultName.PAD_BROKEN, str(error))
    points = bundle.operating_points
    if settings.pad.threshold is None and (points is None or not points.points):
        _close(opened)
        name = bundle.manifest.name
        return _broken(
            FaultName.PAD_UNMEASURED, f"{name} has no operating point: set pad.threshold by hand"
        )
    session = opened.sessions[0]
    LOG.info(
        "liveness model ready",
        extra=fields(
            model=bundle.manifest.name, runtime=session.name, golden_cosine=round(cosine, 6)
        ),
    )
    _say_why_not(opened.refused)
    return _Pad(
        state=PadState.WORKING,
        stage=PadModel(
            bundle,
            opened.sessions,
            settings.pad,
            side_by_side=session.name == "onnxruntime-cpu" and thread_count(settings.model) > 1,
        ),
        opened=opened,
        threshold=points.points[0].threshold if points and points.points else 1.0,
    )


def _checked_pad(bundle: PadBundle, settings: Settings) -> tuple[OpenedSessions, float]:
    opened = open_pad_sessions(bundle, settings.model)
    try:
        return opened, check_pad_golden(bundle, opened.sessions)
    except BaseException:
        _close(opened)
        raise


def _close(opened: OpenedSessions) -> None:
    for session in opened.sessions:
        session.close()


def _broken(name: FaultName, detail: str) -> _Pad:
    return _Pad(state=PadState.BROKEN, notices=(Degradation(name=name, detail=detail),))


def _say_why_not(refused: tuple[Degradation, ...]) -> None:
    for back_end in refused:
        LOG.info("not %s: %s", back_end.name, back_end.detail)
