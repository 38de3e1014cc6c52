"""The owner's signature over a bundle, and over what was measured on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgeverify.bundle.canonical_json import sha256_of_file
from edgeverify.bundle.loading import load_bundle
from edgeverify.bundle.manifest import Manifest
from edgeverify.bundle.signature import bundle_message, points_message, sign
from edgeverify.errors import BundleError
from edgeverify.models.bundle_writer import write_points
from tests.bundle.altered import change_manifest
from tests.runtime.tiny import (
    point,
    points_file,
)


class TestTheOwnersSignature:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

    def sign_all(self, folder: Path, manifest: Manifest) -> None:
        message = bundle_message(sha256_of_file(folder / "manifest.json"), manifest.files)
        (folder / "manifest.sig").write_text(sign(self.key, message))
        points = sha256_of_file(folder / "operating-points.json")
        message = points_message(points, manifest.embedding_space)
        (folder / "operating-points.sig").write_text(sign(self.key, message))

    def test_a_signed_bundle_loads(self, folder: Path) -> None:
        self.sign_all(folder, load_bundle(folder).manifest)
        assert load_bundle(folder, owner_key=self.key.public_key()).manifest.name == "tiny"

    def test_an_unsigned_bundle_is_refused_where_the_owner_wants_it_signed(
        self, folder: Path
    ) -> None:
        with pytest.raises(BundleError, match=r"manifest\.sig is missing"):
            load_bundle(folder, owner_key=self.key.public_key())

    def test_another_owners_signature_is_refused(self, folder: Path) -> None:
        self.sign_all(folder, load_bundle(folder).manifest)
        other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
        with pytest.raises(BundleError, match="signed with another key"):
            load_bundle(folder, owner_key=other)

    def test_a_signed_manifest_cannot_be_edited(self, folder: Path) -> None:
        self.sign_all(folder, load_bundle(folder).manifest)
        change_manifest(folder, lambda m: m.update(notes="harmless"))
        with pytest.raises(BundleError, match=r"manifest\.sig does not fit"):
            load_bundle(folder, owner_key=self.key.public_key())

    def test_measuring_again_leaves_the_models_signature_but_needs_its_own(
        self, folder: Path
    ) -> None:
        manifest = load_bundle(folder).manifest
        self.sign_all(folder, manifest)
        write_points(folder, points_file(manifest, (point(1e-4, 0.1),)))
        with pytest.raises(BundleError, match=r"operating-points\.sig does not fit"):
            load_bundle(folder, owner_key=self.key.public_key())
        (folder / "operating-points.json").unlink()
        assert load_bundle(folder, owner_key=self.key.public_key()).operating_points is None

    def test_rubbish_is_not_a_signature(self, folder: Path) -> None:
        (folder / "manifest.sig").write_text("!!!")
        with pytest.raises(BundleError, match="is not a signature"):
            load_bundle(folder, owner_key=self.key.public_key())
        (folder / "manifest.sig").unlink()
        (folder / "manifest.sig").mkdir()
        with pytest.raises(BundleError, match=r"manifest\.sig cannot be read: Is a directory"):
            load_bundle(folder, owner_key=self.key.public_key())
