"""Work on the parts of a fusion, which must then be named again by it."""

from __future__ import annotations

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.folder_writer import replace_file
from edgeverify.bundle.fusion import FusionBundle, load_fusion
from edgeverify.bundle.verified_folder import MANIFEST_FILE, read_manifest
from edgeverify.models.bundle_writer import as_file


def renew(bundle: FusionBundle) -> FusionBundle:
    """Name the parts of a fusion by their manifests of now, and load it back.

    For a part that got another precision or figures; its embedding space must be what it was.
    Until then the fusion does not load. BundleError where a part is another network.
    """
    parts = tuple(
        part.model_copy(
            update={"manifest_sha256": sha256_of(read_manifest(bundle.folder / part.name))}
        )
        for part in bundle.manifest.parts
    )
    manifest = bundle.manifest.model_copy(update={"parts": parts})
    replace_file(bundle.folder / MANIFEST_FILE, as_file(manifest))
    return load_fusion(bundle.folder)
