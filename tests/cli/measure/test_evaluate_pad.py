"""`edgeverify evaluate-pad`: what it says on real faces, and on what cannot be measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.models.build import fetch_bundle
from tests.faces import add_vision

RUNNER = CliRunner()
PEOPLE = ("0001", "0011")


@pytest.fixture(scope="module")
def home(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an embedder and the PAD bundle."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("mobilefacenet", "minifasnet"):
        fetch_bundle(name, folder / "edgeverify/models", source=trained_models)
    add_vision(folder / "edgeverify/models")
    return folder


def some(testdata: Path, side: str, to: Path) -> Path:
    """Five successive pictures of two people, copied into a folder of this test."""
    for person in PEOPLE:
        (to / side / person).mkdir(parents=True)
        for path in sorted((testdata / "nuaa/db" / side / person).glob("*.jpg"))[:5]:
            shutil.copy(path, to / side / person / path.name)
    return to / side


def config(folder: Path) -> Path:
    path = folder / "door.yaml"
    path.write_text(
        "model: {bundle: mobilefacenet, threads: 1}\nquality: {min_eye_distance_pixels: 30}\n"
    )
    return path


def run(home: Path, *arguments: str | Path) -> tuple[int, str]:
    result = RUNNER.invoke(
        app,
        ["evaluate-pad", *map(str, arguments)],
        env={"XDG_DATA_HOME": str(home), "COLUMNS": "200"},
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    said = result.stdout if "--json" in arguments else result.output
    return result.exit_code, said


def test_prints_are_refused_live_people_are_not_and_the_control_grants(
    home: Path, testdata: Path, tmp_path: Path
) -> None:
    live = some(testdata, "ClientRaw", tmp_path)
    prints = some(testdata, "ImposterRaw", tmp_path)

    code, output = run(
        home, "-c", config(tmp_path), "--bona-fide", live, "--attack", f"print={prints}",
        "--enrol", live, "--json", "--windows", tmp_path / "w.tsv", "--plot", tmp_path / "det.png",
    )  # fmt: skip

    assert code == 0, output
    found = json.loads(output)
    assert found["threshold"] == 0.5, "the bundle's own operating point"
    assert [rates["species"] for rates in found["rates"]] == [None, "print"]
    assert [rates["per_run"]["errors"] for rates in found["rates"]] == [0, 0]
    assert found["worst_apcer_per_run"] == 0
    live_results = [r["granted"] for r in found["door"] if r["species"] is None]
    attacks = [r["granted"] for r in found["door"] if r["species"] == "print"]
    assert min(live_results) >= 1, found["door"]
    assert max(attacks) == 0, found["door"]
    control = [r["granted"] for r in found["door_without_pad"] if r["species"] == "print"]
    assert min(control) >= 1, "with liveness off the same prints are let in"
    assert (tmp_path / "det.png").stat().st_size > 1000
    assert len((tmp_path / "w.tsv").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("print", "names no species"),
        ("=folder", "names no species"),
        ("print=/nowhere", "neither a folder nor a file"),
    ],
)
def test_a_mistake_is_told_in_a_line(
    home: Path, tmp_path: Path, testdata: Path, attack: str, said: str
) -> None:
    live = testdata / "attacks/silent_face/image_T1.jpg"

    code, output = run(home, "-c", config(tmp_path), "--bona-fide", live, "--attack", attack)

    assert code == 2
    assert said in output
    assert "Traceback" not in output


def test_without_a_pad_bundle_it_says_how_to_get_one(trained_models: Path, tmp_path: Path) -> None:
    fetch_bundle("mobilefacenet", tmp_path / "edgeverify/models", source=trained_models)
    add_vision(tmp_path / "edgeverify/models")

    code, output = run(
        tmp_path, "-c", config(tmp_path), "--bona-fide", tmp_path, "--attack", f"print={tmp_path}"
    )

    assert code == 2
    assert "edgeverify models fetch minifasnet" in output


def test_an_eye_distance_that_no_config_could_have_is_refused(tmp_path: Path) -> None:
    code, output = run(
        tmp_path,
        "--bona-fide",
        tmp_path,
        "--attack",
        f"print={tmp_path}",
        "--min-eye-distance",
        "-4",
    )
    assert code == 78
    assert "--min-eye-distance: min_eye_distance_pixels: must be 10 to 1000, not -4.0" in output
