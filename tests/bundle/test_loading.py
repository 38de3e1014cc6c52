"""A bundle is used as it was made, or not at all, and the error names the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx.external_data_helper import convert_model_to_external_data

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.loading import load_bundle, load_pad_bundle
from edgeverify.errors import BundleError
from edgeverify.models.bundle_writer import write_embedder, write_points
from tests.bundle.altered import change_manifest, replace_model
from tests.runtime.tiny import (
    point,
    points_file,
    tiny_network,
    tiny_recipe,
    write_tiny,
    write_tiny_pad,
)


def test_a_good_bundle_loads_with_everything_it_states(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert bundle.manifest.embedding_size == 8
    assert bundle.operating_points is not None
    assert bundle.operating_points.points[0].threshold == 0.5
    assert sha256_of(bundle.model_bytes("fp32")) == bundle.manifest.files["model.onnx"]


def test_writing_the_same_bundle_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    write_tiny(tmp_path / "a" / "tiny")
    write_tiny(tmp_path / "b" / "tiny")
    for path in (tmp_path / "a" / "tiny").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / "tiny" / path.name).read_bytes()


def test_a_missing_folder_says_how_to_get_a_model(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"the model bundle .* does not exist") as caught:
        load_bundle(tmp_path / "nowhere")
    assert "models fetch" in caught.value.advice


def test_a_file_where_a_folder_must_be_is_there_and_called_a_file(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"a model")
    with pytest.raises(BundleError, match=r"model.onnx is a file, and a bundle is a folder"):
        load_bundle(tmp_path / "model.onnx")


def test_a_folder_of_something_else_is_no_bundle_and_not_to_be_fetched_by_its_name(
    tmp_path: Path,
) -> None:
    """`model: .` was told to fetch a model of the folder's name."""
    folder = tmp_path / "my-door"
    folder.mkdir()
    (folder / "door.yaml").write_text("door: front-door\n")
    with pytest.raises(BundleError, match=r"my-door is none: it has no manifest.json") as caught:
        load_bundle(folder)
    assert "my-door" not in caught.value.advice
    assert "models list" in caught.value.advice


def test_a_name_that_no_file_can_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"cannot be read \(File name too long\)"):
        load_bundle(tmp_path / ("a" * 300))


@pytest.mark.parametrize("name", ["model.onnx", "golden.json"])
def test_one_changed_bit_is_noticed(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BundleError, match=f"{name} was altered or damaged"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["model.onnx", "golden.json", "manifest.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"{name} cannot be read"):
        load_bundle(folder)


def test_a_file_swapped_after_loading_is_not_run(folder: Path) -> None:
    bundle = load_bundle(folder)
    (folder / "model.onnx").write_bytes(tiny_network(seed=99))
    with pytest.raises(BundleError, match=r"model\.onnx does not match its hash"):
        bundle.model_bytes("fp32")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(colour="red"), "colour: Extra inputs are not permitted"),
        (lambda m: m["feeding"].update(gamma=2.2), "feeding.gamma: Extra inputs"),
        (lambda m: m.pop("template"), "template: Field required"),
        (lambda m: m.update(schema_version=3), "schema_version: Input should be 1 or 2"),
        (lambda m: m.update(schema_version=1), "in version 1, mirror is true or false"),
        (lambda m: m.update(mirror=True), "mirror: Input should be"),
        (lambda m: m.update(mirror="probe"), "mirror: Input should be"),
        (lambda m: m.update(kind="pad"), r"is a liveness \(PAD\) bundle"),
        (lambda m: m["feeding"].update(std=[1.0, 0.0, 1.0]), "feeding.std: .*above 0"),
        (
            lambda m: m["feeding"].update(channels="bgra"),
            "feeding.channels: .*'rgb', 'bgr' or 'grey'",
        ),
        (lambda m: m.update(embedding_size="8"), "embedding_size: .*valid integer"),
        (lambda m: m["files"].update({"../evil": "0" * 64}), "'../evil' is not a plain file name"),
        (lambda m: m["files"].pop("golden.json"), "golden.json is missing"),
        (lambda m: m["files"].pop("model.onnx"), "model.onnx is missing"),
        (lambda m: m["files"].update({"model.onnx": "0"}), "files.model.onnx: .*pattern"),
        (lambda m: m.update(template="dlib-151"), "unknown alignment template 'dlib-151'"),
        (lambda m: m.update(template_version=7), "made for version 7 of the alignment"),
        (lambda m: m.update(embedding_size=9), r"manifest says float \(batch, 9\)"),
        (lambda m: m["feeding"].update(size=64), r"manifest says float \(batch, 3, 64, 64\)"),
        (lambda m: m.update(normalise=False), "compared by cosine is normalised"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    folder: Path, change: Callable[[dict[str, object]], None], message: str
) -> None:
    change_manifest(folder, change)
    with pytest.raises(BundleError, match=message):
        load_bundle(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_manifest_that_is_no_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        load_bundle(folder)


def test_a_manifest_of_endless_size_is_not_read_whole(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b" " * (5 << 20))
    with pytest.raises(BundleError, match="larger than 4 MiB"):
        load_bundle(folder)


def test_a_model_that_is_no_onnx_is_refused(folder: Path) -> None:
    replace_model(folder, b"not a graph")
    with pytest.raises(BundleError, match=r"model\.onnx is not an ONNX model"):
        load_bundle(folder)


def test_weights_in_another_file_are_refused(folder: Path) -> None:
    model = onnx.load_model_from_string(tiny_network())
    convert_model_to_external_data(model, location="weights.bin", size_threshold=0)
    for tensor in model.graph.initializer:
        tensor.data_location = onnx.TensorProto.EXTERNAL
    replace_model(folder, model.SerializeToString())
    with pytest.raises(BundleError, match="external data"):
        load_bundle(folder)


def test_external_data_hidden_inside_a_node_is_refused_too(folder: Path) -> None:
    model = onnx.load_model_from_string(tiny_network())
    hidden = onnx.TensorProto(name="hidden", data_type=onnx.TensorProto.FLOAT, dims=[1])
    hidden.data_location = onnx.TensorProto.EXTERNAL
    model.graph.node.append(onnx.helper.make_node("Constant", [], ["unused"], value=hidden))
    replace_model(folder, model.SerializeToString())
    with pytest.raises(BundleError, match="external data"):
        load_bundle(folder)


def test_external_data_hidden_in_a_local_function_is_refused_too(folder: Path) -> None:
    model = onnx.load_model_from_string(tiny_network())
    hidden = onnx.TensorProto(name="hidden", data_type=onnx.TensorProto.FLOAT, dims=[1])
    hidden.data_location = onnx.TensorProto.EXTERNAL
    constant = onnx.helper.make_node("Constant", [], ["k"], value=hidden)
    inner = onnx.helper.make_graph([constant], "inner", [], [])
    branch = onnx.helper.make_node("If", ["c"], ["d"], then_branch=inner, else_branch=inner)
    opset = [onnx.helper.make_opsetid("", 17)]
    model.functions.append(onnx.helper.make_function("local", "F", ["c"], ["d"], [branch], opset))
    replace_model(folder, model.SerializeToString())
    with pytest.raises(BundleError, match="external data"):
        load_bundle(folder)


def test_a_graph_with_two_inputs_is_refused(folder: Path) -> None:
    model = onnx.load_model_from_string(tiny_network())
    model.graph.input.append(model.graph.input[0])
    replace_model(folder, model.SerializeToString())
    with pytest.raises(BundleError, match="has 2 inputs"):
        load_bundle(folder)


@pytest.mark.parametrize(("written", "meant"), [(True, "both"), (False, "none")])
def test_a_manifest_of_the_first_release_is_read_as_what_it_meant(
    folder: Path,
    written: bool,  # noqa: FBT001 - pytest's parameter
    meant: str,
) -> None:
    before = load_bundle(folder).manifest.embedding_space

    def as_then(manifest: dict[str, object]) -> None:
        manifest.update(schema_version=1, mirror=written)
        del manifest["weights_sha256"], manifest["weak"]

    change_manifest(folder, as_then)
    bundle = load_bundle(folder)
    assert bundle.manifest.mirror == meant
    assert bundle.manifest.weights_sha256 is None
    assert bundle.manifest.weak == ""
    # References made with it are bound to the space that it states.
    assert bundle.manifest.embedding_space == before


def test_dlibs_network_is_weak_in_a_manifest_that_could_not_say_so(folder: Path) -> None:
    def as_then(manifest: dict[str, object]) -> None:
        manifest.update(schema_version=1, mirror=True, arch="dlib-resnet")
        del manifest["weights_sha256"], manifest["weak"]

    change_manifest(folder, as_then)
    assert "before one camera" in load_bundle(folder).manifest.weak


def test_altered_operating_points_are_refused(folder: Path) -> None:
    path = folder / "operating-points.json"
    path.write_text(path.read_text().replace("0.5", "0.1"))
    with pytest.raises(BundleError, match=r"operating-points\.json was altered"):
        load_bundle(folder)


def test_points_of_another_model_are_not_taken(folder: Path) -> None:
    manifest = load_bundle(folder).manifest
    other = manifest.model_copy(update={"embedding_space": "12" * 32})
    write_points(folder, points_file(other, (point(1e-4, 0.2),)))
    assert load_bundle(folder).operating_points is None


def test_a_pad_bundle_loads_and_an_embedder_is_not_one(folder: Path, tmp_path: Path) -> None:
    write_tiny_pad(tmp_path / "pad")
    assert load_pad_bundle(tmp_path / "pad").manifest.networks[1].crop_scale == 4.0
    with pytest.raises(
        BundleError, match=r"is an embedder's bundle, and a liveness \(PAD\) bundle"
    ):
        load_pad_bundle(folder)
    with pytest.raises(BundleError, match=r"is a liveness \(PAD\) bundle, and an embedder's"):
        load_bundle(tmp_path / "pad")


def test_a_bundle_replaced_leaves_nothing_of_the_old_one(folder: Path) -> None:
    (folder / "stray.txt").write_text("old")
    write_embedder(folder, tiny_recipe(), {"fp32": tiny_network(seed=2)})
    assert sorted(path.name for path in folder.iterdir()) == [
        "golden.json",
        "manifest.json",
        "model.onnx",
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_a_model_that_cannot_run_leaves_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="cannot load the model"):
        write_embedder(tmp_path / "broken", tiny_recipe("broken"), {"fp32": b"rubbish"})
    assert list(tmp_path.iterdir()) == []
