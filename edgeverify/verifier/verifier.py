"""The model in use: bundle, back end, golden check, thresholds, and the PAD bundle beside it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from edgeverify.atomic_file import read_plain
from edgeverify.bundle.fusion import EmbedderBundle, load_embedder
from edgeverify.bundle.operating_points import OperatingPoints
from edgeverify.bundle.threshold_choice import choose_operating_point, one_sided
from edgeverify.bundle.vision_bundle import NAME as VISION
from edgeverify.bundle.vision_bundle import VisionBundle, load_vision_bundle
from edgeverify.domain import Degradation, OperatingPoint
from edgeverify.errors import ConfigError, KeyUnusableError
from edgeverify.liveness import LivenessPlan, PadState, plan_liveness
from edgeverify.logs import fields
from edgeverify.models.build import ensure_bundle, resolve_bundle
from edgeverify.models.golden_check import check_golden
from edgeverify.progress import Progress, silent
from edgeverify.runtime.open_session import OpenedSessions, open_sessions
from edgeverify.settings import DEFAULT_BUNDLE, Settings
from edgeverify.verifier.pad import open_pad
from edgeverify.verifier.pipeline import PadStage, Pipeline, open_pipeline
from edgeverify.vision.embedder import embedder_of
from edgeverify.vision.opening import open_finder
from edgeverify.vision.pad import PadModel

LOG = logging.getLogger(__name__)

NOT_VERIFIED = "feeding not verified: `edgeverify-export parity --pairs` on real faces checks it"
"""A wrong statement about colour order, range or alignment passes every other check."""


@dataclass(slots=True, eq=False, kw_only=True)
class Verifier:
    """The networks that turn pixels into scores, opened and checked by their golden answers."""

    bundle: EmbedderBundle
    vision: VisionBundle
    opened: OpenedSessions
    pad: PadStage | None
    pad_state: PadState
    notices: tuple[Degradation, ...]
    golden_cosine: float
    measured_pad_threshold: float = 1.0
    pad_space: str = ""
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
        return _is_verified(self.bundle)

    @property
    def weakness(self) -> str:
        """Why the embedder is no good at a door, with its name; empty where a door may use it."""
        return weakness_of(self.bundle)

    @property
    def facts(self) -> dict[str, str]:
        """What every journal row says of the model."""
        return {
            "model": self.bundle.name,
            "embedding_space": self.embedding_space,
            "runtime": self.runtime,
        }

    def plan(self, settings: Settings) -> LivenessPlan:
        """Return what liveness means with what is installed."""
        return plan_liveness(settings.liveness, self.pad_state)

    @property
    def measured(self) -> OperatingPoints | None:
        """What was measured in the embedding space in use, or None."""
        return self.bundle.operating_points_in(self.embedding_space)

    def point(
        self, settings: Settings, references: int = 1, *, of: OperatingPoints | None = None
    ) -> OperatingPoint:
        """Choose the threshold among the bundle's measurements, or those given as `of`.

        Raises ConfigError where no evidence carries the stated rate, and for a threshold by hand
        that every score or none would reach.
        """
        by_hand = settings.decision.threshold
        why = "" if by_hand is None else one_sided(by_hand, self.bundle.metric)
        if why:
            raise ConfigError(
                f"decision.threshold {by_hand:g} {why} ({self.bundle.name})",
                advice="Leave it out, and decision.max_fmr chooses one that was measured.",
            )
        return choose_operating_point(
            self.measured if of is None else of,
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
        """Release the embedder's and the liveness networks' sessions; close pipelines before."""
        _close(self.opened)
        if isinstance(self.pad, PadModel):
            self.pad.close()

    def open_pipeline(self, settings: Settings) -> Pipeline:
        """Make a pipeline on the sessions held here; each thread needs its own, and closes it.

        BundleError where detector and mesher fail their golden check.
        """
        return open_pipeline(
            embedder_of(self.bundle, self.opened.sessions),
            open_finder(self.vision, settings.vision),
            quality=settings.quality,
            vision=settings.vision,
            pad=self.pad,
        )


def weakness_of(bundle: EmbedderBundle) -> str:
    """Return the bundle's name and why it is not for a door; empty where it is for one.

    A fusion is as good as the whole of it, so its parts are not asked.
    """
    weak = bundle.manifest.weak
    return f"{bundle.name} is not for a door: {weak}" if weak else ""


def require_fit_for_a_door(bundle: EmbedderBundle, settings: Settings) -> None:
    """Refuse a network that is marked as no good at a door, unless the config accepts it.

    ConfigError.
    """
    weak = weakness_of(bundle)
    if weak and not settings.model.accept_weak:
        raise ConfigError(
            f"model.bundle {weak}",
            advice=f"Take {DEFAULT_BUNDLE}, or write `model.accept_weak: true` to run it all the "
            "same.",
        )
    if weak:
        LOG.warning("%s (model.accept_weak: true)", weak)


def open_verifier(
    settings: Settings,
    folder: Path,
    models: Path,
    *,
    at_door: bool = False,
    progress: Progress = silent,
) -> Verifier:
    """Open what the settings name, and prove it by its golden answers.

    `folder` is what relative paths start from, `models` where bundles are installed by name;
    `progress` is told what is fetched at the first need. `at_door`: somebody is let in by it, so a
    network that is too weak for that is a ConfigError.

    Raises BundleError, RuntimeUnavailableError or KeyUnusableError.
    """
    key = load_owner_key(settings, folder)
    vision = load_vision_bundle(ensure_bundle(VISION, models, progress=progress))
    place = resolve_bundle(settings.model.bundle, models, folder=folder, progress=progress)
    bundle = load_embedder(place, owner_key=key)
    if at_door:
        require_fit_for_a_door(bundle, settings)
    opened = open_sessions(bundle.parts, settings.model)
    try:
        each = zip(bundle.parts, opened.sessions, strict=True)
        cosine = min(check_golden(part, session) for part, session in each)
        _log_ready(bundle, opened, cosine)
        pad = open_pad(settings, folder, models, key)
    except BaseException:
        _close(opened)
        raise
    return Verifier(
        bundle=bundle,
        vision=vision,
        opened=opened,
        pad=pad.stage,
        pad_state=pad.state,
        notices=pad.notices,
        golden_cosine=cosine,
        measured_pad_threshold=pad.threshold,
        pad_space=pad.space,
        opened_pad=pad.opened,
    )


def _is_verified(bundle: EmbedderBundle) -> bool:
    return all(part.manifest.feeding_verified for part in bundle.parts)


def _close(opened: OpenedSessions) -> None:
    for session in opened.sessions:
        session.close()


def _log_ready(bundle: EmbedderBundle, opened: OpenedSessions, cosine: float) -> None:
    is_verified = _is_verified(bundle)
    LOG.log(
        logging.INFO if is_verified else logging.WARNING,
        "model ready" if is_verified else f"model ready, {NOT_VERIFIED}",
        extra=fields(
            model=bundle.name, runtime=opened.sessions[0].name, golden_cosine=round(cosine, 6)
        ),
    )
    for back_end in opened.refused:
        LOG.info("not %s: %s", back_end.name, back_end.detail)


def load_owner_key(settings: Settings, folder: Path) -> Ed25519PublicKey | None:
    """Read the public key whose signature bundles must bear, None where none is asked for.

    Raises KeyUnusableError when it is not an Ed25519 public key in PEM.
    """
    if not settings.model.owner_key_file:
        return None
    path = folder / settings.model.owner_key_file
    try:
        key = load_pem_public_key(read_plain(path))
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusableError(f"model.owner_key_file {path} cannot be read: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusableError(
            f"model.owner_key_file {path} is not an Ed25519 public key",
            advice="`edgeverify-export keygen` makes a pair.",
        )
    return key
