"""What `edgeverify models` offers is pinned, licensed and measured."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.models.build import fetch_bundle
from edgeverify.models.catalogue import load_catalogue, shipped_operating_points
from edgeverify.models.folders import cache_directory, models_directory


def test_every_entry_is_pinned_to_a_commit_and_a_hash() -> None:
    for entry in load_catalogue().models:
        assert entry.licence
        for file in entry.files:
            assert bool(file.address) != bool(file.archive)
            if file.address:
                assert file.address.startswith("https://")
                commit = file.address.split("/")[5]
                assert len(commit) == 40


@pytest.mark.parametrize("name", ["dlib-resnet", "mobilefacenet"])
def test_shipped_thresholds_rise_as_the_rate_falls(name: str) -> None:
    file = shipped_operating_points(name)
    assert file is not None
    kind = ("single", "elsewhere")
    single = [point for point in file.sets[0].points if (point.fusion, point.origin) == kind]
    before: dict[float, float] = {}
    for photos in (1, 2, 3, 5):
        points = [point for point in single if point.photos == photos]
        by_rate = sorted(points, key=lambda point: point.fmr)
        thresholds = [point.threshold for point in by_rate]
        assert thresholds == sorted(thresholds, reverse=True)
        assert by_rate[0].fmr <= 1e-4
        # And with the photos of a reference, which is nearer to everybody the more it has.
        assert all(point.threshold >= before.get(point.fmr, 0) for point in points)
        before |= {point.fmr: point.threshold for point in points}


def test_the_systems_models_come_before_the_users(tmp_path: Path) -> None:
    home = {"HOME": "/home/me"}
    assert models_directory(home, tmp_path) == tmp_path
    absent = tmp_path / "absent"
    assert models_directory(home, absent) == Path("/home/me/.local/share/edgeverify/models")
    named = {**home, "XDG_DATA_HOME": "/data"}
    assert models_directory(named, absent) == Path("/data/edgeverify/models")
    relative = {**home, "XDG_DATA_HOME": "data"}
    assert models_directory(relative, absent) == Path("/home/me/.local/share/edgeverify/models")
    account = Path(pwd.getpwuid(os.geteuid()).pw_dir)  # where HOME is not set
    assert cache_directory({}) == account / ".cache/edgeverify"
    assert cache_directory(home) == Path("/home/me/.cache/edgeverify")
    assert cache_directory({**home, "CACHE_DIRECTORY": "/var/cache/e"}) == Path("/var/cache/e")


def test_the_list_says_licence_size_feeding_and_measurement(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["models", "list", "--models", str(tmp_path)])
    assert result.exit_code == 0
    for words in ("mobilefacenet  (not installed)", "Apache-2.0", "4.1 MB", "arcface-112", "FMR"):
        assert words in result.output
    listed = CliRunner().invoke(app, ["models", "list", "--models", str(tmp_path), "--json"])
    assert {row["name"] for row in json.loads(listed.output)} >= {"dlib-resnet", "minifasnet"}


def test_fetch_and_inspect_by_hand(tmp_path: Path, trained_models: Path) -> None:
    models = ["--models", str(tmp_path)]
    given = ["--from", str(trained_models)]
    for name, words, errors in (
        ("mobilefacenet", "compared by cosine", "non-mated comparisons"),
        ("minifasnet", "80x80 BGR", "attack presentations"),
    ):
        fetched = CliRunner().invoke(app, ["models", "fetch", name, *given, *models])
        assert fetched.exit_code == 0, fetched.output
        shown = CliRunner().invoke(app, ["models", "inspect", name, *models])
        assert shown.exit_code == 0, shown.output
        assert words in shown.output
        assert errors in " ".join(shown.output.split())
        assert "golden check       passed" in shown.output
        as_json = CliRunner().invoke(app, ["models", "inspect", str(tmp_path / name), "--json"])
        assert json.loads(as_json.output)["manifest"]["name"] == name


def test_mistakes_get_one_line_and_no_traceback(tmp_path: Path, trained_models: Path) -> None:
    models = ["--models", str(tmp_path)]
    unknown = CliRunner().invoke(app, ["models", "fetch", "facenet", *models])
    assert unknown.exit_code == 78
    assert "edgeverify: there is no model 'facenet' in the catalogue" in unknown.output
    absent = CliRunner().invoke(app, ["models", "inspect", "nothing", *models])
    assert absent.exit_code == 78
    assert "does not exist" in absent.output
    fetch_bundle("mobilefacenet", tmp_path, source=trained_models)
    (tmp_path / "mobilefacenet" / "model.onnx").write_bytes(b"")
    damaged = CliRunner().invoke(app, ["models", "inspect", "mobilefacenet", *models])
    assert damaged.exit_code == 78
    assert "was altered or damaged" in damaged.output
    assert "Traceback" not in damaged.output
