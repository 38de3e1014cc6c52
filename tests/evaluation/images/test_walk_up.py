"""1:N by hand: three references, and what strangers and friends come to."""

from __future__ import annotations

import numpy as np
import pytest

from edgeverify.evaluation.images.all_scores import compare_all_images
from edgeverify.evaluation.images.walk_up import walk_up
from tests.evaluation.crowds import crowd, faces


def test_one_reference_each_the_other_pictures_are_probes() -> None:
    angles = np.radians([0, 10, 90, 100, 180, 210])
    values = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = walk_up(compare_all_images(faces(values, np.repeat(np.arange(3), 2))), [0.5])
    assert found is not None
    assert (found.references, found.probes, found.rank_1) == (3, 3, 1.0)
    (row,) = found.rows
    # FMR 0.5 over 3 references: a sixth of the 12 non-mated pairs may match, the two that are 80
    # degrees apart; the next are 90 apart. The probes at 10 and 100 degrees are 80 from another's
    # reference, so they are taken for two people at once; the one at 210 is let in.
    assert row.threshold == pytest.approx(0, abs=1e-6)
    assert (row.fpir, row.fnir, row.mistaken) == (pytest.approx(2 / 3), pytest.approx(2 / 3), 0)
    assert not row.is_supported


def test_splitting_the_rate_keeps_a_crowd_from_multiplying_false_accepts() -> None:
    found = walk_up(compare_all_images(crowd((4,) * 80, spread=0.8)), [0.1])
    assert found is not None
    assert found.rows[0].fpir < 0.2 < found.rows[0].fpir_unsplit


def test_a_door_with_one_reference_is_no_walk_up() -> None:
    assert walk_up(compare_all_images(crowd((3, 0, 0))), [0.1]) is None
