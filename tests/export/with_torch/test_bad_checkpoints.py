"""Every checkpoint that cannot become a bundle is refused in a sentence, and leaves nothing."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from edgeverify_export.checkpoint import read_checkpoint
from edgeverify_export.export_checkpoint import export_checkpoint
from edgeverify_export.fitting import fitting_architecture
from edgeverify_export.networks.catalogue import mobilefacenet
from edgeverify_export.statement import Statement
from safetensors.torch import save_file

from edgeverify.errors import BundleError, CheckpointError, ConfigError

pytestmark = pytest.mark.export


def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return mobilefacenet({}).state_dict()


def refused(path: Path, arch: str = "mobilefacenet", **stated: object) -> str:
    """Export, expect a refusal, and see that nothing was left behind."""
    folder = path.parent / "bundle"
    before = sorted(path.parent.iterdir())
    with pytest.raises((CheckpointError, ConfigError)) as caught:
        export_checkpoint(path, arch, folder, Statement(**stated))  # type: ignore[arg-type]
    assert sorted(path.parent.iterdir()) == before
    return str(caught.value)


class RunsCode:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/edgeverify-was-here",)


def test_a_pickle_that_wants_to_run_code(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    torch.save({"state_dict": RunsCode()}, path)
    assert "wants to run code" in refused(path)
    assert not Path("/tmp/edgeverify-was-here").exists()  # noqa: S108 - what the attack writes


def test_a_whole_pickled_model(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(mobilefacenet({}), path)
    words = refused(path)
    assert "refused" in words
    assert "state_dict" in words


def test_a_plain_pickle(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    path.write_bytes(pickle.dumps(RunsCode()))
    refused(path)


@pytest.mark.parametrize("content", [b"", b"this is text", b"PK\x03\x04 cut short"])
def test_no_checkpoint_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(content)
    refused(path)


def test_a_checkpoint_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    torch.save(weights(), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path)


def test_safetensors_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    save_file(weights(), path)
    path.write_bytes(path.read_bytes()[:5000])
    assert "safetensors" in refused(path)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "best.h5"
    path.write_bytes(b"\x89HDF")
    assert ".safetensors" in refused(path)


def test_no_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "best.pt")


def test_nan_weights_are_named(tmp_path: Path) -> None:
    state = weights()
    state["conv3.weight"][3, 4] = float("nan")
    state["bn.bias"][0] = float("inf")
    torch.save(state, tmp_path / "best.pt")
    words = refused(tmp_path / "best.pt")
    assert "conv3.weight" in words
    assert "bn.bias" in words


def test_missing_unexpected_and_misshapen_keys_are_listed(tmp_path: Path) -> None:
    state = weights()
    del state["gdconv.depthwise.weight"]
    state["head.weight"] = torch.zeros(5, 5)
    state["conv1.0.weight"] = torch.zeros(64, 1, 3, 3)
    torch.save(state, tmp_path / "best.pt")
    words = refused(tmp_path / "best.pt")
    assert "1 missing: gdconv.depthwise.weight" in words
    assert "1 unexpected: head.weight" in words
    assert "conv1.0.weight (64, 1, 3, 3) instead of (64, 3, 3, 3)" in words


def test_the_wrong_arch_names_the_right_one(tmp_path: Path) -> None:
    torch.save(weights(), tmp_path / "best.pt")
    words = refused(tmp_path / "best.pt", "siamese-vgg19", template="arcface-112")
    assert "--arch mobilefacenet" in words


def test_an_unknown_arch_lists_the_table(tmp_path: Path) -> None:
    torch.save(weights(), tmp_path / "best.pt")
    assert "siamese-efficientnetv2-s" in refused(tmp_path / "best.pt", "resnet50")


def test_weights_that_are_not_tensors(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": 1, "b": "two"}}, tmp_path / "best.pt")
    assert "(names with tensors): a, b" in refused(tmp_path / "best.pt")


def test_a_list_of_tensors(tmp_path: Path) -> None:
    torch.save([torch.zeros(1)], tmp_path / "best.pt")
    assert "no state dict" in refused(tmp_path / "best.pt")


@pytest.mark.parametrize(
    "arch", ["no.such.module:Net", "json:Net", "json:JSONDecoder", "os:getpid"]
)
def test_an_own_class_that_is_none(tmp_path: Path, arch: str) -> None:
    torch.save(weights(), tmp_path / "best.pt")
    refused(
        tmp_path / "best.pt",
        arch,
        template="arcface-112",
        size=112,
        statistics="imagenet",
        metric="cosine",
    )


def test_alignment_must_be_stated_where_the_table_cannot_know(tmp_path: Path) -> None:
    torch.save(weights(), tmp_path / "best.pt")
    with pytest.raises(CheckpointError):  # the weights are looked at first
        export_checkpoint(tmp_path / "best.pt", "siamese-vgg19", tmp_path / "bundle", Statement())


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"template": "mtcnn"}, "dlib-150"),
        ({"statistics": "celeba"}, "imagenet"),
        ({"mean": "0.5,0.5"}, "three numbers"),
        ({"std": "0,0,0"}, "std must be above 0"),
    ],
)
def test_statements_that_mean_nothing(tmp_path: Path, stated: dict[str, str], words: str) -> None:
    torch.save(weights(), tmp_path / "best.pt")
    with pytest.raises((ConfigError, BundleError)) as caught:
        export_checkpoint(
            tmp_path / "best.pt",
            "mobilefacenet",
            tmp_path / "b",
            Statement(**stated),  # type: ignore[arg-type]
        )
    assert words in str(caught.value)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_state_dict", None])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod."])
def test_weights_are_found_where_people_put_them(
    tmp_path: Path, wrapper: str | None, prefix: str
) -> None:
    state = {prefix + key: value for key, value in weights().items()}
    saved = state if wrapper is None else {"epoch": 7, wrapper: state, "lr": 1e-3}
    torch.save(saved, tmp_path / "best.pth")
    found = read_checkpoint(tmp_path / "best.pth").weights
    assert fitting_architecture(found) == "mobilefacenet"


def test_half_precision_weights_become_float32(tmp_path: Path) -> None:
    torch.save({k: v.half() if v.is_floating_point() else v for k, v in weights().items()},
               tmp_path / "best.pt")  # fmt: skip
    found = read_checkpoint(tmp_path / "best.pt").weights
    assert found["conv3.weight"].dtype == torch.float32


def test_a_folder_with_other_things_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    torch.save(weights(), tmp_path / "best.pt")
    with pytest.raises(BundleError, match="is not a bundle"):
        export_checkpoint(tmp_path / "best.pt", "mobilefacenet", tmp_path / "mine", Statement())
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"
