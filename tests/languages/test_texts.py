"""What may be asked and decided has words; nothing else has, and no words help an attacker."""

from __future__ import annotations

from typing import get_args

import pytest

from edgeverify.domain import OWN_NAMES, Asked, Language, Reason
from edgeverify.languages import KINDS, LanguageError, say
from edgeverify.liveness.actions import Action

HIDDEN = (
    Reason.UNKNOWN_REFERENCE,
    Reason.REFERENCE_UNUSABLE,
    Reason.NON_MATCH,
    Reason.AMBIGUOUS,
    Reason.PRESENTATION_ATTACK,
    Reason.CHALLENGE_FAILED,
)


def test_each_request_and_each_reason_has_words() -> None:
    assert {asked.code for asked in Asked} <= KINDS
    assert {reason.value for reason in Reason} <= KINDS


def test_no_two_kinds_share_a_word_for_machines() -> None:
    codes = [*(asked.code for asked in Asked), *(reason.value for reason in Reason)]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("action", list(Action))
def test_a_step_of_the_challenge_is_asked_for_under_its_own_name(action: Action) -> None:
    assert action.request.code == action.value


def test_every_language_of_the_config_has_a_name() -> None:
    assert tuple(OWN_NAMES) == get_args(Language)


@pytest.mark.parametrize("language", OWN_NAMES)
def test_an_attacker_does_not_see_how_close_they_came(language: str) -> None:
    assert len({say(reason.value, language) for reason in HIDDEN}) == 1


def test_left_is_never_said_for_right() -> None:
    for language in OWN_NAMES:
        assert say("turn_left", language) != say("turn_right", language)


@pytest.mark.parametrize("kind", ["", "dance", "NOD", "nod "])
def test_an_unknown_kind_is_refused_by_name(kind: str) -> None:
    with pytest.raises(LanguageError, match="nothing is known of the kind"):
        say(kind, "en")


@pytest.mark.parametrize("language", ["", "nl", "EN", "../de", "zh"])
def test_an_unknown_language_is_refused_with_those_that_there_are(language: str) -> None:
    with pytest.raises(LanguageError, match="zh-Hans"):
        say("nod", language)
