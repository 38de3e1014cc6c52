"""The vision bundle: the networks that find faces and put points on them, verified like a model.

The files are those of MediaPipe's own wheel, unchanged. What its graphs do around them is written
out in `edgeverify.vision` for exactly these files, so the release pins their hashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.folder_writer import write_folder
from edgeverify.bundle.manifest import GOLDEN_FILE, VisionManifest
from edgeverify.bundle.verified_folder import MANIFEST_FILE, VerifiedFolder, verified_manifest
from edgeverify.errors import BundleError

NAME = "mediapipe-faces"
VERSION = 1
DETECTOR_FILE = "face_detection_full_range_sparse.tflite"
MESH_FILE = "face_landmark.tflite"
LICENCE_FILE = "LICENSE"
PINNED = {
    DETECTOR_FILE: "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
    MESH_FILE: "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    LICENCE_FILE: "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8",
}
"""SHA-256 of what is taken from the wheel."""
_AGAIN = f"Fetch it again: `edgeverify models fetch {NAME}`."


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionBundle(VerifiedFolder):
    """The networks and their golden answers."""

    manifest: VisionManifest

    def file(self, name: str) -> bytes:
        """Read a file's bytes, verified once more; BundleError."""
        return self.read(self.manifest, name)


def golden_answers() -> bytes:
    """Read what MediaPipe's own graphs answer on the golden frames; it came with this release."""
    return resources.files("edgeverify.bundle").joinpath("data/vision.golden.json").read_bytes()


def write_vision_bundle(
    folder: Path, files: Mapping[str, bytes], *, source: str, licence: str, notes: str
) -> None:
    """Write a bundle into `folder`, in place of what stands there; atomically.

    `files` are those of `PINNED`. BundleError where one is another, or the folder cannot be
    written; it leaves nothing behind.
    """
    contents = {**files, GOLDEN_FILE: golden_answers()}
    hashes = {name: sha256_of(data) for name, data in sorted(contents.items())}
    if hashes != _wanted():
        raise BundleError("the vision bundle is made of files that this release does not know")
    manifest = VisionManifest(
        name=NAME, version=VERSION, files=hashes, source=source, licence=licence, notes=notes
    )
    text = manifest.model_dump_json(indent=1) + "\n"
    write_folder(folder, {**contents, MANIFEST_FILE: text.encode("utf-8")})


def load_vision_bundle(folder: Path) -> VisionBundle:
    """Load and verify it; BundleError, naming the file and what to do, where anything is amiss."""
    manifest = verified_manifest(folder, VisionManifest, None)
    path = folder / MANIFEST_FILE
    if manifest.version != VERSION:
        raise BundleError(
            f"{path} is version {manifest.version} of the vision bundle, "
            f"this release runs version {VERSION}",
            advice=_AGAIN,
        )
    if manifest.files != _wanted():
        raise BundleError(
            f"{path} lists other files than version {VERSION} of the vision bundle has",
            advice=_AGAIN,
        )
    return VisionBundle(folder=folder, manifest=manifest, points=None)


def _wanted() -> dict[str, str]:
    return dict(sorted({**PINNED, GOLDEN_FILE: sha256_of(golden_answers())}.items()))
