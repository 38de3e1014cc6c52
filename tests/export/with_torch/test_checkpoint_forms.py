"""Checkpoints as people have them: wrapped, averaged, with losses beside, under any name."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import torch
from edgeverify_export.checkpoint import hash_of, read_checkpoint
from edgeverify_export.checkpoint_choice import Choice
from edgeverify_export.fitting import compare, fit
from edgeverify_export.networks.catalogue import mobilefacenet
from edgeverify_export.networks.inception_resnet import inception_resnet_v1
from edgeverify_export.networks.iresnet import iresnet50
from edgeverify_export.networks.table import ARCHITECTURES
from edgeverify_export.sources import load_network, load_source
from safetensors.torch import save_file

from edgeverify.bundle.manifest import Manifest
from edgeverify.errors import CheckpointError

pytestmark = pytest.mark.export
State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    torch.manual_seed(1)
    return dict(mobilefacenet({}).state_dict())


def other(state: State) -> State:
    """The same network one step of training later."""
    return {k: v + 0.01 if v.is_floating_point() else v for k, v in state.items()}


def under(prefix: str, state: State) -> State:
    return {prefix + name: value for name, value in state.items()}


def saved(folder: Path, content: object, name: str = "best.pt") -> Path:
    path = folder / name
    torch.save(content, path)
    return path


def hash_in(path: Path, **choice: object) -> str:
    found = load_network(path, "mobilefacenet", Choice(**choice))  # type: ignore[arg-type]
    return found.checkpoint.weights_sha256


@pytest.mark.parametrize("name", ["best.ckpt", "best", "epoch7.weights", "best.bin", "best.tar"])
def test_any_name_is_read_when_the_content_is_right(
    tmp_path: Path, state: State, name: str
) -> None:
    assert hash_in(saved(tmp_path, state, name)) == hash_in(saved(tmp_path, state))


def test_safetensors_under_another_name(tmp_path: Path, state: State) -> None:
    save_file({k: v.contiguous() for k, v in state.items()}, tmp_path / "best.bin")
    assert hash_in(tmp_path / "best.bin") == hash_in(saved(tmp_path, state))


def test_the_same_weights_are_the_same_space_however_they_are_wrapped(
    tmp_path: Path, state: State
) -> None:
    """The tensors are hashed, not the container, and not what stands beside them."""
    ways: list[tuple[object, dict[str, object]]] = [
        (state, {}),
        ({"state_dict": state, "epoch": 3}, {}),
        ({"model": under("module.", state), "optimizer": {"state": {}, "param_groups": []}}, {}),
        ({"net": state, "args": argparse.Namespace(lr=0.1), "best": 0.9}, {}),
        ({"state_dict": under("model.", state)}, {"prefix": "model."}),
        ({"state_dict": {**under("model.", state), "loss_fn.W": torch.ones(4, 128)}},
         {"prefix": "model."}),
        ({"backbone": state, "W": torch.ones(5, 128)}, {}),
        ({"state_dict": state, "arcface": {"weight": torch.ones(5, 128)}}, {}),
        ({**state, "head.weight": torch.ones(5, 128)}, {}),
        ({**state, "logits.weight": torch.ones(5, 128)}, {"drop": ("logits.*",)}),
        ({"n_averaged": torch.tensor(7), **under("module.", state)}, {}),
        ({"state_dict": other(state), "state_dict_ema": state}, {"ema": True}),
        ({"state_dict": state, "state_dict_ema": other(state)}, {"key": "state_dict"}),
        ({"checkpoint": {"inner": {"weights": state}}}, {}),
        ({**under("ema_model.", state), **under("online_model.", other(state)),
          "initted": torch.tensor(1.0), "step": torch.tensor(9)}, {"ema": True}),
        ({"state_dict": {**under("model.", other(state)), **under("ema.module.", state),
                         "ema.n_averaged": torch.tensor(3), "loss_fn.W": torch.ones(4, 128)}},
         {"ema": True}),
        ({"state_dict": {**under("model.", other(state)), **under("ema.module.", state)}},
         {"prefix": "ema."}),
    ]  # fmt: skip
    found = {hash_in(saved(tmp_path, content), **choice) for content, choice in ways}
    assert len(found) == 1


def test_what_is_left_aside_is_said(tmp_path: Path, state: State) -> None:
    lightning = {
        "pytorch-lightning_version": "2.4.0",
        "epoch": 9,
        "state_dict": {**under("model.", state), "loss_fn.W": torch.ones(4, 128)},
        "optimizer_states": [{"state": {}, "param_groups": []}],
    }
    path = saved(tmp_path, lightning, "epoch=9.ckpt")
    said = load_network(path, "mobilefacenet", Choice(prefix="model.")).checkpoint.remarks
    assert any("loss_fn.W" in line for line in said)
    beside = {"backbone": state, "W": torch.ones(5, 128)}
    said = load_network(saved(tmp_path, beside), "mobilefacenet").checkpoint.remarks
    assert any("W" in line for line in said)
    within = {**state, "head.weight": torch.ones(5, 128)}
    said = load_network(saved(tmp_path, within), "mobilefacenet").checkpoint.remarks
    assert said == ("dropped, a loss's own: head.weight",)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda s: {"state_dict": s, "state_dict_ema": s}, "--ema"),
        (lambda s: {"net_a": s, "net_b": s}, "--key net_a"),
        (lambda s: under("ema_model.", s) | under("online_model.", s), "--prefix online_model."),
        (lambda s: under("model.", s) | under("ema.module.", s), "copy), or --prefix model."),
        (lambda s: {"state_dict": under("model.", s)}, "--prefix model."),
        (lambda s: under("lit.model.net.", s), "--prefix lit.model.net."),
        (lambda s: under("a.", s) | under("b.", s), "--prefix a. they fit"),
        (lambda s: under("a.", s) | under("b.", s), "with --prefix b. they fit"),
        (lambda s: {**s, "a\nb[0]'\x1bc": torch.ones(3)}, "--drop 'a?b?0???c'"),
        (lambda s: {**s, "extra.thing": torch.ones(3)}, "--drop 'extra.thing'"),
    ],
)  # fmt: skip
def test_where_two_things_could_be_meant_it_asks(
    tmp_path: Path, state: State, build: object, words: str
) -> None:
    path = saved(tmp_path, build(state))  # type: ignore[operator]
    with pytest.raises(CheckpointError) as asked:
        load_network(path, "mobilefacenet")
    assert words in str(asked.value)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(key="ema"), "no state dict under 'ema'"),
        (Choice(prefix="net."), "no name begins with 'net.'"),
        (Choice(drop=("logits.*",)), "matches no name"),
        (Choice(ema=True), "no averaged copy"),
    ],
)
def test_a_choice_that_the_file_does_not_have(
    tmp_path: Path, state: State, choice: Choice, words: str
) -> None:
    with pytest.raises(CheckpointError, match=words):
        read_checkpoint(saved(tmp_path, {"state_dict": state}), choice)


def test_a_prefix_that_is_too_short_is_told_whole(tmp_path: Path, state: State) -> None:
    path = saved(tmp_path, under("lit.model.", state))
    with pytest.raises(CheckpointError, match=r"With --prefix lit\.model\. they fit"):
        load_network(path, "mobilefacenet", Choice(prefix="lit."))


def test_a_part_of_a_network_is_called_so(tmp_path: Path, state: State) -> None:
    half = dict(list(state.items())[::2])
    with pytest.raises(CheckpointError, match="fits, but it is not the whole network"):
        load_network(saved(tmp_path, half), "mobilefacenet")


@pytest.mark.parametrize(
    ("content", "words"), [({}, "is empty"), ({"epoch": 3, "best": 0.3}, "epoch, best")]
)
def test_a_file_without_weights(tmp_path: Path, content: State, words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        load_network(saved(tmp_path, content), "mobilefacenet")


def test_timms_own_names_are_the_networks_that_the_table_has_under_trunk(tmp_path: Path) -> None:
    """`timm.create_model(NAME, num_classes=512)` saved as it is: the same weights, one space."""
    row = ARCHITECTURES["arcface-efficientnetv2-b0"]
    wrapped = row.build({"trunk.classifier.weight": torch.zeros(64, 1280)}).state_dict()
    bare = {name.removeprefix("trunk."): value for name, value in wrapped.items()}
    found = load_network(saved(tmp_path, bare), row.name).checkpoint
    assert found.weights_sha256 == hash_of(wrapped)
    assert found.remarks == ("names taken as under 'trunk.'",)
    with pytest.raises(CheckpointError, match=r"With --prefix net\. they fit --arch arcface-eff"):
        load_network(saved(tmp_path, under("net.", bare)), "mobilefacenet")


def test_an_imagenet_classifier_is_no_embedding(tmp_path: Path) -> None:
    row = ARCHITECTURES["arcface-efficientnetv2-b0"]
    untrained = row.build({"trunk.classifier.weight": torch.zeros(1000, 1280)}).state_dict()
    with pytest.raises(CheckpointError, match="ImageNet's classifier"):
        fit(read_checkpoint(saved(tmp_path, untrained)), row)


@pytest.mark.parametrize(
    ("build", "side", "names"),
    [
        (
            inception_resnet_v1,
            160,
            ("conv2d_1a.bn.running_var", "repeat_2.9.branch1.2.conv.weight", "block8.conv2d.bias",
             "mixed_7a.branch2.1.bn.weight", "last_linear.weight", "last_bn.running_mean"),
        ),
        (
            iresnet50,
            112,
            ("conv1.weight", "layer1.0.downsample.1.running_var", "layer3.13.prelu.weight",
             "layer4.2.bn3.bias", "bn2.running_mean", "fc.bias", "features.weight"),
        ),
    ],
)  # fmt: skip
def test_published_networks_have_their_published_names(
    build: object, side: int, names: tuple[str, ...]
) -> None:
    network = build({}).eval()  # type: ignore[operator]
    state = network.state_dict()
    assert set(names) <= set(state)
    assert not compare(network, state)
    with torch.no_grad():
        assert network(torch.zeros(1, 3, side, side)).shape == (1, 512)


def test_parity_finds_the_source_wherever_it_stands_in_the_file(
    tmp_path: Path, state: State
) -> None:
    wanted = hash_in(saved(tmp_path, state))
    manifest = Manifest.model_construct(
        arch="mobilefacenet", weights_sha256=wanted, source_sha256="0" * 64
    )
    mixed = {"state_dict": under("model.", other(state)), "state_dict_ema": under("model.", state)}
    found = load_source(saved(tmp_path, mixed, "mixed.ckpt"), manifest)
    assert found.checkpoint.weights_sha256 == wanted
    for path, words in ((tmp_path / "absent.pt", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(CheckpointError, match=words):
            load_source(path, manifest)
    with pytest.raises(CheckpointError, match="not the checkpoint that the bundle was made of"):
        load_source(saved(tmp_path, other(state), "later.pt"), manifest)
