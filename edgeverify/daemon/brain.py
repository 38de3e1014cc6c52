"""The model in use: bundle, back end, golden check, thresholds, and the PAD bundle beside it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.domain import Degradation, OperatingPoint
from edgeverify.errors import BundleError, EdgeverifyError
from edgeverify.liveness import LivenessPlan, PadState, plan_liveness
from edgeverify.logs import fields
from edgeverify.models import find_bundle
from edgeverify.pipeline import PadStage, Pipeline, open_pipeline
from edgeverify.runtime.bundle import Bundle, load_bundle, load_pad_bundle, operating_point
from edgeverify.runtime.golden import check_golden, check_pad_golden
from edgeverify.runtime.open_session import (
    OpenedSession,
    open_pad_sessions,
    open_session,
    thread_count,
)
from edgeverify.settings import Settings
from edgeverify.vision.pad import PadModel

LOG = logging.getLogger("edgeverify.model")


@dataclass(slots=True, eq=False, kw_only=True)
class Brain:
    """Everything that turns pixels into scores, checked by its golden answers."""

    bundle: Bundle
    opened: OpenedSession
    pad: PadStage | None
    pad_state: PadState
    notices: tuple[Degradation, ...]
    golden_cosine: float

    @property
    def facts(self) -> dict[str, str]:
        """What every journal row says of the model."""
        return {
            "model": self.bundle.manifest.name,
            "embedding_space": self.bundle.manifest.embedding_space,
            "runtime": self.opened.session.name,
        }

    def plan(self, settings: Settings) -> LivenessPlan:
        """Say what liveness means with what is installed."""
        return plan_liveness(settings.liveness, self.pad_state)

    def point(self, settings: Settings, references: int = 1) -> OperatingPoint:
        """Choose the threshold. Raises ConfigError where no evidence carries the stated rate."""
        return operating_point(
            self.bundle,
            settings.decision,
            references=references,
            precision=self.opened.session.precision,
        )

    def pipeline(self, settings: Settings, point: OperatingPoint) -> Pipeline:
        """Make a pipeline on this session; each thread needs its own."""
        return open_pipeline(
            self.bundle,
            self.opened.session,
            quality=settings.quality,
            vision=settings.vision,
            point=point,
            pad=self.pad,
            threads=thread_count(settings.model),
        )


def open_brain(settings: Settings, models: Path, owner_key: Ed25519PublicKey | None) -> Brain:
    """Open what the settings name. Raises BundleError or RuntimeUnavailableError."""
    bundle = load_bundle(find_bundle(settings.model.bundle, models), owner_key=owner_key)
    opened = open_session(bundle, settings.model)
    cosine = check_golden(bundle, opened.session)
    LOG.info(
        "model ready",
        extra=fields(
            model=bundle.manifest.name, runtime=opened.session.name, golden_cosine=round(cosine, 6)
        ),
    )
    for refused in opened.refused:
        LOG.info("not %s: %s", refused.name, refused.detail)
    pad, state, notices = _open_pad(settings, models, owner_key)
    return Brain(
        bundle=bundle,
        opened=opened,
        pad=pad,
        pad_state=state,
        notices=notices,
        golden_cosine=cosine,
    )


def _open_pad(
    settings: Settings, models: Path, owner_key: Ed25519PublicKey | None
) -> tuple[PadStage | None, PadState, tuple[Degradation, ...]]:
    if settings.liveness in {"off", "challenge"}:
        return None, PadState.ABSENT, ()
    try:
        folder = find_bundle(settings.model.pad_bundle, models)
    except BundleError:
        return None, PadState.ABSENT, ()
    try:
        bundle = load_pad_bundle(folder, owner_key=owner_key)
        sessions = open_pad_sessions(bundle, settings.model)
        check_pad_golden(bundle, sessions)
        pad = PadModel(bundle, sessions, settings.pad)
    except EdgeverifyError as error:
        # An installed and broken bundle denies; it never falls back to an easier proof.
        return None, PadState.BROKEN, (Degradation(name="pad_broken", detail=error.problem),)
    return pad, PadState.WORKING, ()
