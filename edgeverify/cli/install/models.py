"""`edgeverify models`: list, fetch and inspect model bundles."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say

if TYPE_CHECKING:
    from edgeverify.bundle.vision_bundle import VisionBundle

app = typer.Typer(
    help="Show, fetch and inspect model bundles.", no_args_is_help=True, rich_markup_mode=None
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Models = Annotated[
    Path | None,
    typer.Option(
        "--models",
        help="The models folder. Default: /var/lib/edgeverify/models, "
        "else $XDG_DATA_HOME/edgeverify/models.",
    ),
]


@app.command("list")
@plain_errors
def list_models(*, models: Models = None, as_json: AsJson = False) -> None:
    """List the models of the catalogue: licence, size, feeding, measured rates, what is installed.

    Example: edgeverify models list
    """
    from edgeverify.models.listing import listed

    rows = listed(_folder(models))
    if as_json:
        import json

        say(json.dumps([row.as_json() for row in rows], indent=2))
        return
    for row in rows:
        say(f"{row.name}  ({'installed' if row.is_installed else 'not installed'})")
        for label, text in row.lines():
            say(f"  {label:<10} {text}")
    say(f"\nmodels folder: {_folder(models)}")


@app.command("fetch")
@plain_errors
def fetch(
    name: Annotated[str, typer.Argument(help="A name from `edgeverify models list`.")],
    *,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Take the weights from this file or folder; no network."),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept a non-commercial licence.")
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="sface: the FP32 weights as published (39 MB), as bundle sface-full."
        ),
    ] = False,
    models: Models = None,
) -> None:
    """Fetch a model's weights, check their hash, and make its bundle (without torch).

    Example: edgeverify models fetch strong
    """
    from edgeverify.bundle.vision_bundle import load_vision_bundle
    from edgeverify.models.build import fetch_bundle
    from edgeverify.models.catalogue import load_catalogue
    from edgeverify.models.listing import kind_of, verified
    from edgeverify.progress import download_bar

    entry = load_catalogue().entry(name)
    complain(f"{name}: {entry.summary}")
    complain(f"  licence    {entry.licence}")
    complain(f"  trained on {entry.trained_on}")
    if entry.weak:
        complain(f"  not for a door: {entry.weak}")
    with download_bar() as progress:
        folder = fetch_bundle(
            name,
            _folder(models),
            source=source,
            accept_licence=accept_licence,
            full=full,
            progress=progress,
        )
    load = load_vision_bundle if kind_of(folder) == "vision" else verified
    load(folder)
    say(str(folder))


@app.command("inspect")
@plain_errors
def inspect(
    bundle: Annotated[str, typer.Argument(help="A name, or a bundle's folder.")],
    *,
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Verify a bundle's hashes, run its golden check on the CPU, and print what it states.

    Example: edgeverify models inspect sface
    """
    from edgeverify.models.listing import described, kind_of

    folder = Path(bundle) if "/" in bundle or Path(bundle).is_dir() else _folder(models) / bundle
    describe = _described_vision if kind_of(folder) == "vision" else described
    description = describe(folder)
    if as_json:
        say(description.as_json())
        return
    for label, text in description.lines():
        say(f"{label:<18} {text}")


@dataclass(frozen=True, slots=True)
class _DescribedVision:
    """What a verified vision bundle states, and how its golden check went."""

    bundle: VisionBundle
    golden_pixels: float

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Return label and text of each line."""
        manifest = self.bundle.manifest
        passed = f"passed by LiteRT, worst point {self.golden_pixels:.3f} pixels off"
        return (
            ("folder", str(self.bundle.folder)),
            ("name", f"{manifest.name} ({manifest.kind}, version {manifest.version})"),
            ("taken from", manifest.source),
            ("licence", manifest.licence),
            ("notes", manifest.notes),
            *((f"file {name}", sha256) for name, sha256 in manifest.files.items()),
            ("golden check", passed),
        )

    def as_json(self) -> str:
        """Return everything, for `--json`."""
        import json

        return json.dumps(
            {
                "folder": str(self.bundle.folder),
                "manifest": self.bundle.manifest.model_dump(mode="json"),
                "golden_pixels": self.golden_pixels,
            },
            indent=2,
        )


def _described_vision(folder: Path) -> _DescribedVision:
    """Verify the bundle and run its golden check; BundleError where either fails."""
    from edgeverify.bundle.vision_bundle import load_vision_bundle
    from edgeverify.settings import VisionSettings
    from edgeverify.vision.opening import open_finder

    bundle = load_vision_bundle(folder)
    finder = open_finder(bundle, VisionSettings())
    finder.close()
    return _DescribedVision(bundle, finder.golden_pixels)


def _folder(models: Path | None) -> Path:
    from edgeverify.models.folders import models_directory

    return models or models_directory(os.environ)
