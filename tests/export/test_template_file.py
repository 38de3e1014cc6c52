"""An owner states how the training faces were cut, without code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from edgeverify_export.adopt import adopt_graph
from edgeverify_export.statement import Statement
from edgeverify_export.template_file import read_template, template_of

from edgeverify.bundle.loading import load_bundle
from edgeverify.errors import BundleError, ConfigError
from edgeverify.feeding.alignment import align_points, chip_transform
from edgeverify.feeding.template_kinds import BoxTemplate, LevelBoxTemplate, PointTemplate
from edgeverify.feeding.templates import template_named
from tests.runtime.tiny import tiny_network

MESH = np.random.default_rng(4).uniform(20, 200, (468, 3)).astype(np.float32)


def written(folder: Path, text: str, name: str = "crop.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


ARCFACE = """
rule: points
size: 112
places:
  left_eye: [38.2946, 51.6963]
  right_eye: [73.5318, 51.5014]
  nose: [56.0252, 71.7366]
  mouth_left: [41.5493, 92.3655]
  mouth_right: [70.7299, 92.2041]
"""


def test_arcfaces_points_in_a_file_are_arcface_112(tmp_path: Path) -> None:
    stated = read_template(written(tmp_path, ARCFACE))
    known = template_named("arcface-112")
    assert isinstance(stated, PointTemplate)
    assert stated.name.startswith("crop@")
    frame = (400, 300)
    assert np.allclose(
        chip_transform(stated.pick(MESH), stated, 112, frame=frame),
        chip_transform(known.pick(MESH), known, 112, frame=frame),
    )


def test_dlibs_chip_in_a_file_is_face01s(tmp_path: Path) -> None:
    stated = read_template(written(tmp_path, "rule: dlib-chip\nsize: 224\npadding: 0.1\n"))
    known = template_named("face01-224")
    assert isinstance(stated, PointTemplate)
    assert isinstance(known, PointTemplate)
    assert stated.places == known.places


def test_boxes_eyes_and_mesh_points(tmp_path: Path) -> None:
    box = read_template(written(tmp_path, "rule: box\nmargin: [0.1, 0.4, 0.1, 0]\n", "a.yaml"))
    assert isinstance(box, BoxTemplate)
    assert box.margins == (0.1, 0.4, 0.1, 0.0)
    same = read_template(written(tmp_path, "rule: box\nmargin: 0.2\naspect: stretch\n", "b.yaml"))
    assert isinstance(same, BoxTemplate)
    assert (same.margins, same.aspect) == ((0.2,) * 4, "stretch")
    level = read_template(written(tmp_path, "rule: eyes-level\npadding: 0.3\n", "c.yaml"))
    assert isinstance(level, LevelBoxTemplate)
    own = {
        "rule": "points",
        "size": 100,
        "mesh_places": [{"mesh": [33, 133], "at": [30, 40]}, {"mesh": [263, 362], "at": [70, 40]}],
    }
    eyes = read_template(written(tmp_path, json.dumps(own), "d.json"))
    assert isinstance(eyes, PointTemplate)
    assert eyes.groups == ((33, 133), (263, 362))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rule: oval\n", "crop.yaml:1: rule: there is no rule oval; one of points, dlib-chip"),
        ("size: 112\n", "rule: is missing; one of points"),
        ("", "rule: is missing"),
        ("- a\n", "must hold keys (`rule: points`)"),
        ("rule: box\n", "margin: is missing"),
        ("rule: box\nmargin: 9\n", "margin: margins are shares"),
        ("rule: box\nmargin: [1, 2]\n", "margin"),
        ("rule: box\nmargin: 0.1\ncolour: red\n", "crop.yaml:3: colour: unknown key"),
        ("rule: dlib-chip\npading: 0.2\n", "did you mean 'padding'?"),
        ("rule: dlib-chip\npadding: lots\n", 'must be a number, not the text "lots"'),
        ("rule: dlib-chip\nsize: 15000\n", "size: must be 16 to 1024, not 15000"),
        ("rule: dlib-chip\nsize: 112.5\n", "size: must be a whole number"),
        ("rule: dlib-chip\nname: a/b\n", "name: must be letters, digits"),
        (
            "rule: points\nsize: 112\nplaces:\n  left_ear: [1, 2]\n",
            "crop.yaml: places.left_ear: there is no",
        ),
        ("rule: box\nmargins: 0.1\n", "crop.yaml:2: margins: unknown key"),
        ("rule:\tbox\n\tsize: 1\n", "instead of the tab key. See docs/export.md"),
        ("rule: points\nsize: 112\nplaces:\n  nose: [1, 2]\n", "two points at least"),
        ("rule: points\nplaces:\n  nose: [1, 2]\n", "size: is missing"),
        (
            "rule: points\nsize: 112\nplaces: {nose: [56, 72, 1], mouth: [56, 90]}\n",
            "places.nose: must have at most 2 entries",
        ),
        (
            "rule: points\nsize: 112\nplaces: {nose: [0.5, 0.6], mouth: [0.5, 0.8]}\n",
            "these look like shares of it: multiply them by 112",
        ),
        (
            "rule: points\nsize: 112\nplaces: {nose: [500, 60], mouth: [56, 90]}\n",
            "places.nose: (500, 60) is far outside of a chip of 112",
        ),
        (
            "rule: points\nsize: 112\nplaces: {left_eye: [73, 51], right_eye: [38, 51]}\n",
            "places.left_eye: it lies to the right of right_eye",
        ),
        (
            (
                "rule: points\nsize: 112\nmesh_places: [{mesh: [999], at: [1, 2]}, "
                "{mesh: [1], at: [40, 50]}]\n"
            ),
            "mesh_places: mesh indices are 0 to 467",
        ),
        ("rule: [\n", "crop.yaml"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_key(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read_template(written(tmp_path, text))
    assert words in str(refused.value)
    assert "pydantic" not in str(refused.value)
    assert "validation error" not in str(refused.value)
    assert "input should" not in str(refused.value)


def test_a_name_or_a_file(tmp_path: Path) -> None:
    assert template_of("arcface-112") == ("arcface-112", None)
    with pytest.raises(ConfigError, match="unknown template arcface-96"):
        template_of("arcface-96")
    with pytest.raises(ConfigError, match="no such file"):
        template_of(str(tmp_path / "none.yaml"))
    with pytest.raises(ConfigError, match="is a folder"):
        template_of(str(tmp_path))


def test_the_bundle_carries_it_and_nothing_else_may_stand_under_its_name(tmp_path: Path) -> None:
    """Adopt, load, cut: the door needs neither the file nor a release that knows the crop."""
    crop = written(tmp_path, "rule: dlib-chip\npadding: 0.33\n")
    graph = tmp_path / "net.onnx"
    graph.write_bytes(tiny_network())
    stated = Statement(statistics="imagenet", template=str(crop), metric="cosine")
    made = adopt_graph(graph, tmp_path / "mine", stated)
    crop.unlink()
    loaded = load_bundle(tmp_path / "mine")
    assert loaded.manifest.template.startswith("crop@")
    assert isinstance(loaded.manifest.aligns_by, PointTemplate)
    frame = np.full((300, 400, 3), 128, np.uint8)
    assert align_points(frame, MESH[:5, :2], loaded.manifest.aligns_by, 32).rgb.shape == (32, 32, 3)

    other = written(tmp_path, "rule: dlib-chip\npadding: 0.34\n")
    changed = Statement(statistics="imagenet", template=str(other), metric="cosine")
    again = adopt_graph(graph, tmp_path / "other", changed)
    spaces = {one.bundle.manifest.embedding_space for one in (made, again)}
    assert len(spaces) == 2, "another padding is another embedding space"

    manifest = tmp_path / "mine" / "manifest.json"
    text = manifest.read_text("utf-8")
    moved = json.loads(text)
    moved["alignment"]["places"][0][0] += 0.01
    manifest.write_text(json.dumps(moved))
    with pytest.raises(BundleError, match="not the one that its name is the hash of"):
        load_bundle(tmp_path / "mine")


def test_a_network_of_whole_pictures_is_no_good_at_a_door(tmp_path: Path) -> None:
    graph = tmp_path / "net.onnx"
    graph.write_bytes(tiny_network())
    stated = Statement(statistics="imagenet", template="whole-picture", metric="cosine")
    made = adopt_graph(graph, tmp_path / "mine", stated)
    assert "whole picture" in made.bundle.manifest.weak
