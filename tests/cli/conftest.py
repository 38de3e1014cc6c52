"""A door's config with real people and a real model, for commands that look at photos."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeverify.cli.main import app
from tests.enrolment.real_model import write_mobilefacenet

FACES = "faces_misc/ageitgey/examples"
PHOTOS = {
    "obama.jpg": f"{FACES}/knn_examples/train/obama/obama.jpg",
    "obama2.jpg": f"{FACES}/knn_examples/train/obama/obama2.jpg",
    "biden.jpg": f"{FACES}/biden.jpg",
    "two.jpg": f"{FACES}/two_people.jpg",
}


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code, and what it wrote to each stream."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Desk:
    """Where an integrator sits: a config, photos, a state directory, the command line."""

    folder: Path
    bundle: Path

    @property
    def config(self) -> Path:
        return self.folder / "door.yaml"

    @property
    def state(self) -> Path:
        return self.folder.parent / "state"

    def write(self, *people: tuple[str, str, Sequence[str]], more: str = "") -> None:
        staff = "".join(
            f'  - card: "{card}"\n    name: {name}\n    photos: [{", ".join(photos)}]\n'
            for card, name, photos in people
        )
        self.config.write_text(
            f"model:\n  bundle: {self.bundle}\n  runtime: onnxruntime-cpu\n"
            f"decision:\n  threshold: 0.45\n{more}staff:\n{staff}" + ("" if people else "  []\n")
        )

    def run(self, *words: str | Path) -> Said:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        assert "Traceback" not in result.stderr
        return Said(result.exit_code, result.stdout, result.stderr)

    def people(self, *words: str | Path) -> Said:
        return self.run(*words, "--config", self.config, "--state", self.state)


@pytest.fixture(scope="session")
def mobilefacenet(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "mobilefacenet"
    write_mobilefacenet(folder, trained_models)
    return folder


@pytest.fixture
def desk(tmp_path: Path, testdata: Path, mobilefacenet: Path) -> Desk:
    folder = tmp_path / "config"
    folder.mkdir()
    for name, source in PHOTOS.items():
        shutil.copyfile(testdata / source, folder / name)
    return Desk(folder, mobilefacenet)
