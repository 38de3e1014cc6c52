"""A checkpoint saved the way people save it becomes a bundle that the daemon's runtime runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from edgeverify_export.export_checkpoint import export_checkpoint
from edgeverify_export.networks.table import ARCHITECTURES
from edgeverify_export.onnx_graph import run_network
from edgeverify_export.parity.faces import FoundFace
from edgeverify_export.sessions import cosine_rows
from edgeverify_export.statement import Statement, resolve
from safetensors.torch import save_file

from edgeverify.bundle.loading import load_bundle
from edgeverify.models.golden_check import check_golden
from edgeverify.runtime.open_session import open_session
from edgeverify.settings import ModelSettings
from tests.export.with_torch.stages import as_trained, fed

pytestmark = [pytest.mark.export, pytest.mark.slow]

SAVED_AS = {
    "siamese-efficientnetv2-b0": "bare.pt",
    "arcface-efficientnetv2-b0": "module.pth",
    "siamese-efficientnetv2-s": "model_state_dict.pth",
    "siamese-vgg19": "weights.safetensors",
    "mobilefacenet": "state_dict.pt",
}


def save(network: torch.nn.Module, path: Path) -> None:
    state = network.state_dict()
    if path.suffix == ".safetensors":
        save_file(state, path)
    elif path.stem in ("state_dict", "model_state_dict"):
        torch.save({"epoch": 3, path.stem: state, "optimizer": {"lr": 0.1}}, path)
    elif path.stem == "module":
        torch.save({f"module.{key}": value for key, value in state.items()}, path)
    else:
        torch.save(state, path)


@pytest.mark.parametrize("name", sorted(SAVED_AS))
def test_every_arch_answers_the_same_in_the_daemon(
    name: str, some_faces: tuple[FoundFace, ...], tmp_path: Path
) -> None:
    architecture = ARCHITECTURES[name]
    statement = Statement(template=architecture.template or "face01-224")
    resolved = resolve(statement, architecture)
    faces = fed(some_faces, resolved.feeding, resolved.template)
    network = as_trained(architecture, faces)
    checkpoint = tmp_path / SAVED_AS[name]
    save(network, checkpoint)

    made = export_checkpoint(checkpoint, name, tmp_path / "bundle", statement)

    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.manifest == made.bundle.manifest
    opened = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu"))
    found = opened.session.run(faces)
    wanted = run_network(network, faces)
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (wanted, found)]
    assert np.abs(unit[0] - unit[1]).max() < 1e-4
    # A network that answers the same to everybody would pass everything above.
    assert (unit[1] @ unit[1].T).min() < 0.99
    assert check_golden(bundle, opened.session) > 0.9999
    opened.session.close()
    half = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu", precision="fp16"))
    assert cosine_rows(wanted, half.session.run(faces)).min() > 0.99
    half.session.close()


def test_the_same_checkpoint_gives_the_same_hashes(tmp_path: Path) -> None:
    torch.manual_seed(3)
    torch.save(ARCHITECTURES["mobilefacenet"].build({}).state_dict(), tmp_path / "best.pt")
    first, second = (
        export_checkpoint(tmp_path / "best.pt", "mobilefacenet", tmp_path / name, Statement(),
                          name="mine").bundle.manifest
        for name in ("first", "second")
    )  # fmt: skip
    assert first == second
    assert (tmp_path / "first/manifest.json").read_bytes() == (
        tmp_path / "second/manifest.json"
    ).read_bytes()


def test_a_fixed_batch_is_filled_up_by_the_runtime(
    trained_models: Path, some_faces: tuple[FoundFace, ...], tmp_path: Path
) -> None:
    source = trained_models / "mobilefacenet.pt"
    answers = []
    for batch in (None, 2):
        made = export_checkpoint(
            source, "mobilefacenet", tmp_path / f"b{batch}", Statement(), batch=batch
        )
        session = open_session(made.bundle, ModelSettings(runtime="onnxruntime-cpu")).session
        feeding = made.bundle.manifest.feeding
        answers.append(session.run(fed(some_faces[:3], feeding, "arcface-112")))
        session.close()
    assert np.abs(answers[0] - answers[1]).max() < 1e-4


def test_vgg_with_a_sigmoid_head_records_it(
    tmp_path: Path,
) -> None:
    state = ARCHITECTURES["siamese-vgg19"].build({}).state_dict()
    state["head.weight"], state["head.bias"] = torch.tensor([[-2.5]]), torch.tensor([1.25])
    torch.save(state, tmp_path / "vgg.pt")
    made = export_checkpoint(
        tmp_path / "vgg.pt",
        "siamese-vgg19",
        tmp_path / "bundle",
        Statement(template="face01-224", statistics="caffe-bgr"),
        half=False,
    )
    manifest = made.bundle.manifest
    assert manifest.sigmoid == (-2.5, 1.25)
    assert manifest.metric == "euclidean"
    assert manifest.feeding.channels == "bgr"


def test_an_own_network_by_its_import_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_training_code.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(),\n"
        "                                  nn.AdaptiveAvgPool2d(1), nn.Flatten(),\n"
        "                                  nn.Linear(8, 32))\n"
        "    def forward(self, x):\n"
        "        return self.body(x)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    import my_training_code  # type: ignore[import-not-found]  # noqa: PLC0415

    torch.save(my_training_code.Net().state_dict(), "net.pt")
    made = export_checkpoint(
        Path("net.pt"),
        "my_training_code:Net",
        Path("bundle"),
        Statement(template="arcface-112", size=96, metric="cosine", statistics="signed-unit"),
    )
    assert made.bundle.manifest.embedding_size == 32
    assert made.bundle.manifest.arch == "my_training_code:Net"
