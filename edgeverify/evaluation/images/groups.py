"""The groups of people within which a threshold is measured: by attribute, and look-alikes."""

from __future__ import annotations

from edgeverify.evaluation.images.all_scores import Faces, compare_all_images
from edgeverify.evaluation.images.attributes import Attributes, faces_within, members
from edgeverify.evaluation.images.calibration import Group
from edgeverify.evaluation.images.look_alikes import SHARE, look_alike_scores

LOOK_ALIKES = f"the most similar {SHARE:.0%} of people"


def groups_of(faces: Faces, attributes: Attributes | None = None) -> tuple[Group, ...]:
    """Compare within each group; one without a comparison of two people is left out.

    Look-alikes need no labels, so they are always there; `attributes` are of these faces' images.
    """
    cohort = look_alike_scores(faces)
    found = [
        Group(
            name=LOOK_ALIKES,
            non_mated=cohort.non_mated,
            people=cohort.people,
            pairs_of_people=cohort.pairs_of_people,
        )
    ]
    for name, value, inside in members(attributes, len(faces.person)) if attributes else ():
        within = compare_all_images(faces_within(faces, inside))
        found.append(
            Group(
                name=f"{name} {value}",
                non_mated=within.ascending,
                people=within.people,
                pairs_of_people=within.pairs_of_people,
            )
        )
    return tuple(group for group in found if len(group.non_mated))
