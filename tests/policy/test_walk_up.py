"""No reader: everybody valid now counts as claimed, and must be told apart."""

from __future__ import annotations

from edgeverify.domain import Liveness, Outcome, Reason
from edgeverify.settings.decision import DecisionSettings
from tests.policy.people import MATCH, NO_FACE, Visit, compared

EVERYBODY = frozenset({"0042", "0043", "0044"})
ANNA, TWIN = compared(0.8, "0042"), compared(0.8, "0043")
STRANGER = compared(0.1, "0044")


def at_the_door() -> Visit:
    return Visit(card="", cards=EVERYBODY)


def test_anna_walks_up_without_a_card() -> None:
    visit = at_the_door().sees(NO_FACE, ANNA, ANNA, ANNA)

    assert visit.decision is not None
    assert (visit.decision.outcome, visit.decision.card) == (Outcome.GRANT, "0042")


def test_two_references_above_the_threshold_in_one_frame_are_ambiguous() -> None:
    both = compared(0.8, "0042", ambiguous=True)

    assert at_the_door().sees(ANNA, both).reason is Reason.AMBIGUOUS


def test_twins_that_match_in_turn_are_ambiguous() -> None:
    assert at_the_door().sees(ANNA, TWIN).reason is Reason.AMBIGUOUS


def test_matches_of_two_people_never_add_up() -> None:
    settings = DecisionSettings(window_frames=3, required_matches=2)
    visit = Visit(card="", cards=EVERYBODY, settings=settings)

    visit.sees(ANNA, STRANGER, STRANGER, TWIN)

    assert visit.decision is None, "Anna's match has left the window"
    assert visit.sees(TWIN).decision is not None
    assert visit.decision is not None
    assert visit.decision.card == "0043"


def test_a_stranger_is_denied_without_naming_anybody() -> None:
    """The best of three references is nobody's name to publish."""
    visit = at_the_door().sees(*[STRANGER] * 15)

    assert visit.decision is not None
    assert (visit.decision.reason, visit.decision.card) == (Reason.NON_MATCH, "")


def test_the_person_verified_before_a_challenge_is_the_person_granted_after_it() -> None:
    visit = Visit(card="", cards=EVERYBODY, liveness_seconds=15.0)
    visit.sees(ANNA, ANNA, ANNA, liveness=Liveness.PENDING)
    visit.sees(*[STRANGER] * 5, liveness=Liveness.PENDING)
    visit.sees(TWIN, TWIN, TWIN, liveness=Liveness.PASSED)

    assert visit.reason is Reason.AMBIGUOUS


def test_a_card_holder_at_the_same_door_is_not_confused() -> None:
    assert Visit().sees(MATCH, MATCH, MATCH).reason is Reason.MATCH
