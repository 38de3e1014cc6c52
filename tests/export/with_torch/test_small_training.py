"""A small network trained on real faces in the test run: parity on weights that mean something."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from edgeverify_export.export_checkpoint import export_checkpoint
from edgeverify_export.parity.faces import find_faces
from edgeverify_export.parity.run import run_parity
from edgeverify_export.parity.trial import Trial
from edgeverify_export.statement import Statement
from torch import nn

from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.statement import Feeding
from edgeverify.feeding.templates import template_named
from edgeverify.vision.dominance import FaceSelection

pytestmark = [pytest.mark.export, pytest.mark.slow]

PEOPLE, PHOTOS, STEPS = 12, 4, 60
FEEDING = Feeding(size=64, channels="rgb", scale=1 / 255, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


class Small(nn.Module):
    """Four convolutions and a linear layer, 64x64 to 32 values."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((3, 16), (16, 32), (32, 48), (48, 64)):
            layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after),
                       nn.ReLU()]  # fmt: skip
        self.body = nn.Sequential(*layers)
        self.embed = nn.Linear(64 * 16, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        embedding: torch.Tensor = self.embed(self.body(x).flatten(1))
        return embedding


def test_parity_of_a_network_that_was_trained_here(
    lfw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [f for f in sorted(lfw.iterdir()) if len(list(f.iterdir())) >= PHOTOS][:PEOPLE]
    photos = [photo for folder in folders for photo in sorted(folder.iterdir())[:PHOTOS]]
    faces = tuple(find_faces(photos, selection=FaceSelection.CENTRAL, show=False).values())
    names = sorted({face.path.parent.name for face in faces})
    labels = torch.tensor([names.index(face.path.parent.name) for face in faces])
    inputs = torch.from_numpy(
        np.concatenate(
            [feed(face.chip(FEEDING, template_named("arcface-112")), FEEDING) for face in faces]
        )
    )
    torch.manual_seed(0)
    network, head = Small(), nn.Linear(32, len(names), bias=False)
    optimiser = torch.optim.Adam([*network.parameters(), *head.parameters()], 2e-3)
    losses = []
    for _ in range(STEPS):
        embeddings = nn.functional.normalize(network(inputs))
        cosines = embeddings @ nn.functional.normalize(head.weight).T
        loss = nn.functional.cross_entropy(16 * cosines, labels)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2
    torch.save({"model_state_dict": network.state_dict(), "epoch": STEPS}, tmp_path / "best.pth")

    monkeypatch.setitem(sys.modules, "small_training", sys.modules[__name__])
    made = export_checkpoint(
        tmp_path / "best.pth",
        "small_training:Small",
        tmp_path / "bundle",
        Statement(size=64, statistics="signed-unit", template="arcface-112", metric="cosine"),
    )
    pairs = [(i, j) for i in range(len(faces)) for j in range(i)]
    trial = Trial(
        faces=faces,
        probes=np.array([i for i, _ in pairs], dtype=np.intp),
        references=np.array([j for _, j in pairs], dtype=np.intp),
        mated=np.array([bool(labels[i] == labels[j]) for i, j in pairs]),
        images=len(photos),
        listed_pairs=len(pairs),
    )
    report = run_parity(made.bundle, trial, checkpoint=tmp_path / "best.pth", show=False)
    found = {(one.name, one.precision): one for one in report.comparisons}
    assert report.baseline.name == "pytorch"
    assert found["onnxruntime-cpu", "fp32"].min_cosine > 0.99999
    assert found["onnxruntime-cpu", "fp16"].min_cosine > 0.999
    assert found["onnxruntime-cpu", "fp16"].pairs == len(pairs) > 500
    assert report.feeding is not None
    assert report.feeding.stated > 1
