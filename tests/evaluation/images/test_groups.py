"""Look-alikes: found without labels, and measured on other pictures than those that found them."""

from __future__ import annotations

import numpy as np

from edgeverify.evaluation.images.all_scores import compare_all_images
from edgeverify.evaluation.images.groups import LOOK_ALIKES, groups_of, look_alike_scores
from tests.evaluation.crowds import crowd, faces

# Four people in a plane, by angle: two are near each other, two are far from everybody.
ANGLES = {"ann": (0, 4), "bob": (10, 14), "cid": (100, 104), "dee": (200, 204)}


def _people(angles: list[tuple[int, ...]]):  # noqa: ANN202
    flat = np.radians([angle for one in angles for angle in one])
    person = np.repeat(np.arange(len(angles)), [len(one) for one in angles])
    return faces(np.stack([np.cos(flat), np.sin(flat)], axis=1), person)


def test_the_nearest_other_person_is_compared_by_every_other_picture() -> None:
    found = look_alike_scores(_people(list(ANGLES.values())), share=0.01)
    # Ann and Bob chose each other by their first pictures (10 degrees); their three other pairs
    # of pictures count. Cid is nearest to Bob, Dee to Cid.
    assert (found.people, found.pairs_of_people) == (4, 3)
    assert len(found.non_mated) == 9
    np.testing.assert_allclose(found.non_mated[-3:], np.cos(np.radians([14, 10, 6])), atol=1e-6)


def test_the_score_that_chose_somebody_does_not_count() -> None:
    single = _people([(0,), (10,), (100,), (200,)])
    assert look_alike_scores(single).pairs_of_people == 0
    assert groups_of(single) == ()


def test_two_people_have_no_cohort() -> None:
    assert look_alike_scores(crowd([5, 5])).people == 0


def test_one_percent_of_a_crowd_is_more_alike_than_the_crowd() -> None:
    everybody = crowd([3] * 300, seed=4)
    (found,) = groups_of(everybody)
    assert found.name == LOOK_ALIKES
    assert 300 * 3 / 2 <= found.pairs_of_people <= 300 * 3
    # Half of their scores are such as one in twenty of all.
    assert float(np.median(found.non_mated)) > float(
        np.quantile(compare_all_images(everybody).ascending, 0.95)
    )
    assert all(np.diff(found.non_mated) >= 0)
