"""The network gets exactly the numbers that the manifest states."""

from __future__ import annotations

import numpy as np
import pytest

from edgeverify.bundle.manifest import Precision
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.feeding.preprocessing import Batch, feed
from edgeverify.feeding.statement import Feeding
from edgeverify.runtime.embed import embed_chip, pool
from tests.runtime.tiny import write_tiny

CHIP = np.random.default_rng(0).integers(0, 256, size=(32, 32, 3), dtype=np.uint8)


def feeding(**changes: object) -> Feeding:
    stated: dict[str, object] = {
        "size": 32,
        "channels": "rgb",
        "scale": 1 / 255,
        "mean": (0.485, 0.456, 0.406),
        "std": (0.229, 0.224, 0.225),
    }
    return Feeding.model_validate({**stated, **changes})


def test_rgb_scaled_and_standardised() -> None:
    x = feed(CHIP, feeding())
    wanted = (CHIP / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert x.dtype == np.float32
    assert np.abs(x[0].transpose(1, 2, 0) - wanted).max() < 1e-5


def test_bgr_swaps_the_channels_and_the_statistics_follow_the_networks_order() -> None:
    x = feed(CHIP, feeding(channels="bgr"))
    wanted = (CHIP[:, :, ::-1] / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert np.abs(x[0].transpose(1, 2, 0) - wanted).max() < 1e-5


def test_pixels_can_go_in_as_they_are() -> None:
    x = feed(CHIP, feeding(channels="bgr", scale=1.0, mean=(0.0,) * 3, std=(1.0,) * 3))
    assert np.array_equal(x[0].transpose(1, 2, 0), CHIP[:, :, ::-1])


def test_the_mirror_image_comes_second() -> None:
    x = feed(CHIP, feeding(), mirror=True)
    assert x.shape == (2, 3, 32, 32)
    assert np.array_equal(x[1], feed(np.ascontiguousarray(CHIP[:, ::-1]), feeding())[0])


@pytest.mark.parametrize(
    "chip",
    [CHIP[:31], CHIP[:, :, :1], CHIP.astype(np.float32), np.zeros((112, 112, 3), dtype=np.uint8)],
)
def test_a_chip_of_another_kind_is_an_error(chip: np.ndarray) -> None:
    with pytest.raises(ValueError, match="the chip must be uint8"):
        feed(chip, feeding())


class Answers:
    """A session that answers what the test says."""

    name = "test"
    precision: Precision = "fp32"

    def __init__(self, answer: Batch) -> None:
        self.answer = answer

    def run(self, batch: Batch) -> Batch:
        assert len(batch) == 2
        return self.answer

    def close(self) -> None:
        pass


def test_face_and_mirror_are_added_and_normalised(tmp_path) -> None:  # noqa: ANN001
    manifest = write_tiny(tmp_path / "tiny")
    answer = np.zeros((2, 8), dtype=np.float32)
    answer[0, 0], answer[1, 1] = 3.0, 4.0
    embedding = embed_chip(Answers(answer), manifest, CHIP, "probe")
    assert embedding[:2] == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize(
    "answer",
    [
        np.full((2, 8), np.nan, dtype=np.float32),
        np.full((2, 8), np.inf, dtype=np.float32),
        np.ones((2, 7), dtype=np.float32),
        np.ones(8, dtype=np.float32),
        np.zeros((2, 8), dtype=np.float32),
    ],
)
def test_an_answer_that_cannot_be_compared_is_never_an_embedding(tmp_path, answer: Batch) -> None:  # noqa: ANN001
    manifest = write_tiny(tmp_path / "tiny")
    with pytest.raises(RuntimeUnavailableError, match="answered"):
        embed_chip(Answers(answer), manifest, CHIP, "probe")


def test_without_normalisation_the_mean_of_face_and_mirror_keeps_its_length() -> None:
    raw = np.array([[2.0, 0.0], [4.0, 0.0]], dtype=np.float32)
    assert pool(raw, normalise=False).tolist() == [3.0, 0.0]
