"""The PAD bundle as the settings want it: working, absent, or broken and said so."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.bundle.loading import PadBundle, load_pad_bundle
from edgeverify.domain import Degradation, FaultName
from edgeverify.errors import BundleError, EdgeverifyError
from edgeverify.liveness import PadState
from edgeverify.logs import fields
from edgeverify.models.build import resolve_bundle
from edgeverify.models.golden_check import check_pad_golden
from edgeverify.runtime.open_session import OpenedSessions, open_pad_sessions, thread_count
from edgeverify.settings import Settings
from edgeverify.vision.pad import PadModel

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPad:
    """What became of the PAD bundle. Without a measured threshold nothing is ever live."""

    state: PadState
    stage: PadModel | None = None
    opened: OpenedSessions | None = None
    threshold: float = 1.0
    space: str = ""
    """What names the networks that were measured."""
    notices: tuple[Degradation, ...] = ()


def open_pad(
    settings: Settings, folder: Path, models: Path, owner_key: Ed25519PublicKey | None
) -> OpenedPad:
    """Open the PAD bundle where the settings want it; a broken one is a state, not an error.

    `folder` is what relative paths start from, `models` where bundles are installed by name.
    """
    if settings.liveness in {"off", "challenge"}:
        return OpenedPad(state=PadState.ABSENT)
    try:
        place = resolve_bundle(settings.model.pad_bundle, models, folder=folder)
    except BundleError:
        return OpenedPad(state=PadState.ABSENT)
    try:
        bundle = load_pad_bundle(place, owner_key=owner_key)
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
    for back_end in opened.refused:
        LOG.info("not %s: %s", back_end.name, back_end.detail)
    return OpenedPad(
        state=PadState.WORKING,
        stage=PadModel(
            bundle,
            opened.sessions,
            settings.pad,
            side_by_side=session.name == "onnxruntime-cpu" and thread_count(settings.model) > 1,
        ),
        opened=opened,
        threshold=points.points[0].threshold if points and points.points else 1.0,
        space=bundle.manifest.embedding_space,
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


def _broken(name: FaultName, detail: str) -> OpenedPad:
    return OpenedPad(state=PadState.BROKEN, notices=(Degradation(name=name, detail=detail),))
