"""What the status says of the situation in force: threshold, people, liveness."""

from __future__ import annotations

from edgeverify.daemon.door.situation import Situation
from edgeverify.enrolment import OwnPeople
from edgeverify.journal.impostors import LiveRate
from edgeverify.liveness import LivenessPlan
from edgeverify.status_socket import Json


def threshold_facts(situation: Situation) -> dict[str, Json]:
    """Return the rate that stands behind the threshold, and on what it rests."""
    point = situation.point
    return {
        "source": "by hand" if point.max_fmr is None else "measured",
        "max_fmr": point.max_fmr,
        "evidence": point.evidence,
        "worst_group": point.worst_group,
        "cautions": list(situation.cautions),
    }


def live_fmr_facts(situation: Situation, rate: LiveRate) -> dict[str, Json]:
    """Return how often this door's own people match each other's references."""
    if not situation.settings.journal.live_fmr:
        return {"line": "not measured (journal.live_fmr: false)"}
    return {
        "line": rate.line,
        "fmr": rate.fmr,
        "at_most": rate.at_most,
        "comparisons": rate.comparisons,
        "false_matches": rate.false_matches,
        "grants": rate.grants,
        "people": rate.people,
        "since": None if rate.since is None else rate.since.isoformat(),
    }


def own_people_facts(found: OwnPeople) -> dict[str, Json]:
    """Return how close the references of this door's people come to each other."""
    return {
        "people": found.people,
        "pairs": found.pairs,
        "confused": found.confused,
        "tightened": len(found.raised),
        "same_photo": found.same_photo,
        "line": found.line,
        "one_photo": list(found.one_photo),
        "details": list(found.details),
    }


def liveness_words(plan: LivenessPlan) -> str:
    """Return what proves that somebody is alive, as one word; "off" where nothing does."""
    words = [name for name in ("passive", "challenge") if getattr(plan, name)]
    return "+".join(words) or "off"
