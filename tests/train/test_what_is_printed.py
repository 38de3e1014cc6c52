"""What the workshop prints to be typed, pasted or compared."""

from __future__ import annotations

import pytest
import yaml
from edgeverify_train.commands.export import in_yaml
from edgeverify_train.gallery import digits_of


@pytest.mark.parametrize(
    "folder",
    [
        "/srv/models/mine",
        "/home/Ada/My models",
        "/srv/a, b/{c}",
        "/srv/a #1",
        "/srv/a: b",
        "/顔",
    ],
)
def test_a_bundles_folder_can_be_pasted_into_a_config(folder: str) -> None:
    line = f"model: {{bundle: {in_yaml(folder)}, accept_weak: true}}"
    assert yaml.safe_load(line) == {"model": {"bundle": folder, "accept_weak": True}}


def test_a_plain_folder_stands_without_quotes() -> None:
    assert in_yaml("/srv/models/mine") == "/srv/models/mine"


@pytest.mark.parametrize(
    ("scores", "digits"), [((), 4), ((0.31, 0.42), 4), ((0.9999931, 0.9999942, 0.9998), 7)]
)
def test_scores_of_a_network_that_learned_little_are_told_apart(
    scores: tuple[float, ...], digits: int
) -> None:
    assert digits_of(scores) == digits
