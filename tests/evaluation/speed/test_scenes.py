"""The bench looks at nobody, at one face and at four, in every size."""

from __future__ import annotations

import numpy as np

from edgeverify.evaluation.speed.scenes import SIZES, crowd, scenes


def test_every_size_has_its_three_scenes_of_that_size() -> None:
    photo = np.full((300, 200, 3), 250, np.uint8)
    made = scenes(photo)
    assert [(scene.size, scene.faces) for scene in made] == [
        (f"{width}x{height}", faces) for width, height in SIZES for faces in ("none", "one", "many")
    ]
    for scene in made:
        shown = int((scene.rgb == 250).all(axis=2).sum())
        width, height = (int(side) for side in scene.size.split("x"))
        expected = {"none": 0, "one": height * height * 2 / 3, "many": height * height * 2 / 3}
        assert abs(shown - expected[scene.faces]) <= 0.01 * width * height


def test_a_wide_photo_is_cut_at_the_frames_edge() -> None:
    made = scenes(np.full((100, 900, 3), 250, np.uint8), sizes=((640, 480),))
    assert all(scene.rgb.shape == (480, 640, 3) for scene in made)


def test_a_crowd_is_nine_times_the_photo() -> None:
    made = crowd(np.full((300, 200, 3), 250, np.uint8), (1280, 720))
    assert (made.size, made.faces) == ("1280x720", "nine")
    assert int((made.rgb == 250).all(axis=2).sum()) == 9 * 240 * 160
