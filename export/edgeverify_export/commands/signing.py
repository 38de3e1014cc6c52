"""`edgeverify-export keygen`, `sign` and `verify`: a door accepts only its owner's bundles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify_export.commands import options

KeyFile = Annotated[Path, typer.Option("--key", help="Key file (PEM).", show_default=False)]


@plain_errors
def keygen(
    private: Annotated[Path, typer.Argument(help="New private key file.", show_default=False)],
) -> None:
    """Make an owner's Ed25519 key pair.

    It writes NAME (mode 0600) and NAME.pub. Keep the private key off the doors.

    Example: edgeverify-export keygen owner.pem
    """
    from edgeverify_export.owner_key import make_key_pair  # noqa: PLC0415 - cryptography

    public = private.with_name(private.name + ".pub")
    make_key_pair(private, public)
    say(f"private key {private} (keep it off the doors)")
    say(f"public key {public} (model.owner_key_file at every door)")


@plain_errors
def sign(bundle: options.BundleFolder, *, key: KeyFile) -> None:
    """Sign a bundle with the owner's private key.

    Every hash in the bundle is verified first.

    Example: edgeverify-export sign models/mine --key owner.pem
    """
    from edgeverify.models.listing import verified  # noqa: PLC0415
    from edgeverify_export.owner_key import read_private_key, sign_bundle  # noqa: PLC0415 - heavy

    private = read_private_key(key)
    loaded = verified(bundle)
    sign_bundle(loaded, private)
    say(f"signed {loaded.manifest.name} ({loaded.manifest.embedding_space[:16]})")


@plain_errors
def verify(bundle: options.BundleFolder, *, key: KeyFile) -> None:
    """Check a bundle's hashes and signature, as the door does.

    Example: edgeverify-export verify models/mine --key owner.pem.pub
    """
    from edgeverify.models.listing import verified  # noqa: PLC0415 - heavy
    from edgeverify_export.owner_key import read_public_key  # noqa: PLC0415

    verified(bundle, owner_key=read_public_key(key))
    say(f"{bundle}: hashes and signature fit")
