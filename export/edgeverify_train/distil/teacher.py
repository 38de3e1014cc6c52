"""The teacher: an installed bundle of one network or several, and its embedding of a face."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from edgeverify_export.parity.faces import FoundFace
from numpy.typing import NDArray

from edgeverify.bundle.fusion import EmbedderBundle, load_embedder
from edgeverify.bundle.verified_folder import MANIFEST_FILE
from edgeverify.domain import AlignedFace
from edgeverify.errors import ConfigError
from edgeverify.models.catalogue import shipped_operating_points
from edgeverify.models.folders import models_directory
from edgeverify.models.golden_check import check_golden
from edgeverify.models.listing import listed
from edgeverify.runtime.open_session import OpenedSessions, open_sessions
from edgeverify.settings import ModelSettings
from edgeverify.vision.embedder import Embedder, embedder_of

_FMR = 1e-4
"""Where the release's bundles are told apart."""


@dataclass(slots=True, eq=False)
class Teacher:
    """A bundle, opened and checked by its golden answers; closed by whoever opened it."""

    bundle: EmbedderBundle
    opened: OpenedSessions
    embedder: Embedder

    @property
    def weakness(self) -> str:
        """Why its bundle is no good at a door, as the end of a sentence; empty where it may be."""
        return self.bundle.manifest.weak

    @property
    def templates(self) -> frozenset[str]:
        """How its networks' faces are cut."""
        return frozenset(part.manifest.template for part in self.bundle.parts)

    def embed(self, faces: Sequence[FoundFace]) -> NDArray[np.float32]:
        """Embed faces as a door's references: float32 (n, d), unit rows."""
        chips = [self._chips(face) for face in faces]
        made = np.stack([each.values for each in self.embedder.embed_many(chips, "reference")])
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)

    def _chips(self, face: FoundFace) -> tuple[AlignedFace, ...]:
        """Cut what each of its networks is fed; a chip that was cut before is taken as it is."""
        manifests = [part.manifest for part in self.bundle.parts]
        return tuple(
            AlignedFace(rgb=face.chip(one.feeding, one.aligns_by), template=one.template)
            for one in manifests
        )

    def close(self) -> None:
        """Release the networks."""
        for session in self.opened.sessions:
            session.close()


def open_teacher(name_or_folder: str) -> Teacher:
    """Open the bundle named, or the best that is installed where none is; nothing is fetched.

    ConfigError where it is not here, or is compared by distance; BundleError where it is damaged.
    """
    folder = teacher_folder(name_or_folder, models_directory(os.environ))
    bundle = load_embedder(folder)
    opened = open_sessions(bundle.parts, ModelSettings())
    try:
        for part, session in zip(bundle.parts, opened.sessions, strict=True):
            check_golden(part, session)
        embedder = embedder_of(bundle, opened.sessions)
        _require_cosine(embedder)
    except BaseException:
        for session in opened.sessions:
            session.close()
        raise
    return Teacher(bundle, opened, embedder)


def _require_cosine(embedder: Embedder) -> None:
    if embedder.metric != "cosine":
        raise ConfigError(
            f"teacher.bundle: {embedder.name} is compared by distance, and a cosine is learnt",
            advice="Take a teacher that is compared by cosine: sface, mobilefacenet or strong.",
        )


def teacher_folder(name_or_folder: str, models: Path) -> Path:
    """Return the bundle's folder; without a name, the installed one's with the lowest FNMR."""
    if name_or_folder:
        for folder in (Path(name_or_folder), models / name_or_folder):
            if (folder / MANIFEST_FILE).is_file():
                return folder
        raise ConfigError(
            f"teacher.bundle: {name_or_folder} is not installed",
            advice=f"Run: edgeverify models fetch {Path(name_or_folder).name}",
        )
    installed = [
        each.name
        for each in listed(models)
        if each.is_installed and each.entry.kind in {"embedder", "fusion"} and not each.entry.weak
    ]
    if not installed:
        raise ConfigError(
            "no bundle is installed that could be learnt from",
            advice="Run: edgeverify models fetch sface",
        )
    return models / min(installed, key=_fnmr)


def _fnmr(name: str) -> float:
    points = shipped_operating_points(name)
    found = points.sets[0].at_most(_FMR, "single") if points and points.sets else None
    return 1.0 if found is None or found.fnmr is None else found.fnmr
