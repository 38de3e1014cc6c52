"""More photos per reference: the same probes against better references."""

from __future__ import annotations

import numpy as np
import pytest

from edgeverify.evaluation.images.all_scores import compare_all_images
from edgeverify.evaluation.images.several_photos import several_photos
from tests.evaluation.crowds import crowd, faces


def test_two_photos_on_either_side_meet_the_probe_in_the_middle() -> None:
    angles = np.radians([-20, 20, 0, 160, 200, 180])
    values = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    scores = compare_all_images(faces(values, np.repeat(np.arange(2), 3)))
    one, two = several_photos(scores, [1 / 9], counts=(1, 2))
    # One of nine non-mated pairs may match: the threshold is just above 140 degrees.
    assert (one.people, one.probes) == (2, 2)
    assert (one.at[0].fnmr, two.at[0].fnmr) == (0, 0)
    assert two.at[0].fmr == 0


def test_more_photos_lose_fewer_people() -> None:
    rows = several_photos(compare_all_images(crowd((9,) * 60, spread=1.1)), [1e-2])
    assert [row.photos for row in rows] == [1, 2, 3, 5]
    losses = [row.at[0].fnmr for row in rows]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("counts", [(5, 5, 5), (9, 2)])
def test_people_with_few_photos_say_nothing(counts: tuple[int, ...]) -> None:
    assert several_photos(compare_all_images(crowd(counts)), [0.1]) == ()
