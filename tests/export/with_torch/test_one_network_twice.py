"""One network exported twice, and two networks of one name: which share an embedding space."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest
import torch
from edgeverify_export.adopt import adopt_graph
from edgeverify_export.export_checkpoint import export_checkpoint
from edgeverify_export.statement import Statement
from torch import nn

pytestmark = pytest.mark.export

SAID = Statement(template="arcface-112", size=32, metric="cosine", statistics="signed-unit")


class Net(nn.Module):
    """Scales its input, views by the batch and normalises: what tracing writes most about."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, 2)
        self.norm = nn.BatchNorm2d(8)
        self.activation = activation
        self.drop = nn.Dropout(0.3)
        self.last = nn.Linear(8 * 15 * 15, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.activation(self.norm(self.first((x - 0.5) * 2)))
        return nn.functional.normalize(self.last(self.drop(x.view(x.size(0), -1))))


def trained(activation: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return Net(activation).eval()


def test_the_other_exporter_of_pytorch_is_named_where_the_space_changes(tmp_path: Path) -> None:
    """Both fold batch norm, and round otherwise: what was enrolled with the one must go."""
    network, spaces, told = trained(nn.ReLU()), [], []
    for dynamo in (False, False, True):
        path = tmp_path / "net.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network, (torch.zeros(1, 3, 32, 32),), path, dynamo=dynamo,
                opset_version=18 if dynamo else 17, **({"external_data": False} if dynamo else {}),
            )  # fmt: skip
        made = adopt_graph(path, tmp_path / "bundle", SAID, half=False)
        spaces.append(made.bundle.manifest.embedding_space)
        told.append([remark for remark in made.remarks if "PyTorch's exporters" in remark])
    assert spaces[0] == spaces[1] != spaces[2]
    assert [len(remarks) for remarks in told] == [0, 0, 1]


def exported(network: nn.Module, folder: Path, *, opset: int, batch: int | None) -> str:
    """Export as PyTorch does, adopt the file, and return the embedding space."""
    folder.mkdir()
    path = folder / "net.onnx"
    example = torch.zeros(batch or 2, 3, 32, 32)
    axes = None if batch else {"x": {0: "b"}, "y": {0: "b"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (example,), path, input_names=["x"], output_names=["y"],
            opset_version=opset, dynamic_axes=axes, dynamo=False,
        )  # fmt: skip
    made = adopt_graph(path, folder / "bundle", SAID, half=batch is None)
    return made.bundle.manifest.embedding_space


def test_the_batch_and_the_opset_of_an_export_make_no_other_network(tmp_path: Path) -> None:
    spaces = {
        exported(trained(nn.ReLU()), tmp_path / f"{opset}-{batch}", opset=opset, batch=batch)
        for opset, batch in ((17, None), (17, 1), (17, 4), (13, None))
    }
    assert len(spaces) == 1
    assert exported(trained(nn.ELU()), tmp_path / "elu", opset=17, batch=None) not in spaces


MODULE = """
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.{activation},
                                  nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 32))
    def forward(self, x):
        return self.body({fed})
"""


def test_an_own_class_that_computes_otherwise_is_another_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name and its weights stayed; a reference of the one is none of the other."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spaces = []
    for activation, fed, batch in (
        ("ReLU()", "x", None), ("ReLU()", "x", 1), ("ELU()", "x", None), ("ReLU()", "x * 2", None),
    ):  # fmt: skip
        sys.modules.pop("own_net", None)
        Path("own_net.py").write_text(MODULE.format(activation=activation, fed=fed))
        if not Path("net.pt").exists():
            import own_net  # type: ignore[import-not-found]  # noqa: PLC0415

            torch.save(own_net.Net().state_dict(), "net.pt")
            sys.modules.pop("own_net", None)
        made = export_checkpoint(
            Path("net.pt"), "own_net:Net", tmp_path / f"bundle{len(spaces)}", SAID,
            half=False, batch=batch,
        )  # fmt: skip
        spaces.append(made.bundle.manifest.embedding_space)
    assert spaces[0] == spaces[1]
    assert len(set(spaces)) == 3
