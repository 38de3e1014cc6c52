"""What `edgeverify models inspect` shows of the vision bundle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edgeverify.bundle.vision_bundle import VisionBundle, load_vision_bundle
from edgeverify.settings import VisionSettings
from edgeverify.vision.opening import open_finder


@dataclass(frozen=True, slots=True)
class DescribedVision:
    """What a verified vision bundle states, and how its golden check went."""

    bundle: VisionBundle
    golden_pixels: float

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Label and text of each line."""
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
        """Everything, for `--json`."""
        return json.dumps(
            {
                "folder": str(self.bundle.folder),
                "manifest": self.bundle.manifest.model_dump(mode="json"),
                "golden_pixels": self.golden_pixels,
            },
            indent=2,
        )


def described_vision(folder: Path) -> DescribedVision:
    """Verify the bundle and run its golden check; BundleError where either fails."""
    bundle = load_vision_bundle(folder)
    finder = open_finder(bundle, VisionSettings())
    finder.close()
    return DescribedVision(bundle, finder.golden_pixels)
