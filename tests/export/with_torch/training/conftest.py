"""Real faces for trainings of seconds: people of LFW, found once and cut as two recipes ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from edgeverify_train.fitting.start import Outcome
    from edgeverify_train.recipe import Recipe
    from edgeverify_train.run_folder import RunFolder

PEOPLE, PICTURES, SIDE = 14, 4, 112
TEMPLATES = ("arcface-112", "face01-224")
SMALL = (
    "training.workers=0",
    "measurement.max_pictures=2",
    "schedule.warm_up_epochs=0",
    "training.device=cpu",
)


@pytest.fixture(scope="session")
def chips(lfw: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """By template: a folder of chips, four of each of fourteen people."""
    from edgeverify_export.parity.faces import find_faces  # noqa: PLC0415 - without torch too
    from edgeverify_train.people import (  # noqa: PLC0415
        AlignedStatement,
        write_statement,
    )

    from edgeverify.feeding.statement import Feeding  # noqa: PLC0415
    from edgeverify.feeding.templates import template_named  # noqa: PLC0415
    from edgeverify.vision.dominance import FaceSelection  # noqa: PLC0415

    root = tmp_path_factory.mktemp("chips")
    enough = [one for one in sorted(lfw.iterdir()) if len(list(one.iterdir())) >= PICTURES]
    photos = [photo for one in enough[:PEOPLE] for photo in sorted(one.iterdir())[:PICTURES]]
    faces = find_faces(photos, selection=FaceSelection.CENTRAL, show=False)
    assert len(faces) > 50
    feeding = Feeding(size=SIDE, channels="rgb", scale=1.0, mean=(0.0,) * 3, std=(1.0,) * 3)
    for name in TEMPLATES:
        template = template_named(name)
        for path, face in faces.items():
            target = root / name / path.parent.name / f"{path.stem}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            chip = np.ascontiguousarray(face.chip(feeding, template)[:, :, ::-1])
            assert cv2.imwrite(str(target), chip)
        statement = AlignedStatement(
            template=name, template_version=template.version, size=SIDE, made_with="a test"
        )
        write_statement(root / name, statement)
    return {name: root / name for name in TEMPLATES}


@dataclass(frozen=True)
class Trained:
    """A training that came to its end."""

    recipe: Recipe
    run: RunFolder
    outcome: Outcome
    said: list[str]


Train = Callable[..., Trained]


@pytest.fixture
def train(chips: Mapping[str, Path], tmp_path: Path) -> Train:
    """Train by a recipe with changes over it, on the chips of its template."""

    def trained(
        name: str,
        changes: Sequence[str] = (),
        *,
        template: str = "arcface-112",
        into: str = "run",
        resumed: bool = False,
    ) -> Trained:
        from edgeverify_train.fitting.start import fit  # noqa: PLC0415 - torch
        from edgeverify_train.recipe import load_recipe  # noqa: PLC0415
        from edgeverify_train.run_folder import RunFolder  # noqa: PLC0415

        run, said = RunFolder(tmp_path / into), list[str]()
        if resumed:
            recipe = load_recipe(str(run.recipe), changes)
        else:
            data = f"data.folder={chips[template]}"
            recipe = load_recipe(name, [*SMALL, data, *changes])
        outcome = fit(recipe, run, said.append, resumed=resumed)
        return Trained(recipe, run, outcome, said)

    return trained


@pytest.fixture(scope="session")
def vgg19(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VGG19's convolutions, as torchvision names them; drawn, as ImageNet's are not here."""
    import torch  # noqa: PLC0415
    from edgeverify_export.networks.vgg19 import SiameseVgg19  # noqa: PLC0415

    torch.manual_seed(3)
    network = SiameseVgg19(2)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    path = tmp_path_factory.mktemp("start") / "vgg19.pth"
    state = network.state_dict()
    torch.save({name: v for name, v in state.items() if name.startswith("features.")}, path)
    return path
