"""What a screen at the door shows, in English: short, polite, and nothing that helps an attacker.

A kind is a word for machines: the code of a request (`edgeverify.domain.Asked`), the reason of a
decision (`edgeverify.domain.Reason`), or a state of the screen. Several kinds may share a text.

`say` finds the words for a kind and a language, through gettext's compiled catalogues.
"""

from __future__ import annotations

import functools
import gettext
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from edgeverify.domain import OWN_NAMES, Asked, Reason

TRY_AGAIN = "Please try again or ask for help"
"""One text for all that would tell an attacker how close they came."""
OUT_OF_ORDER = "Out of order. Please ask for help"

ASKED: Mapping[Asked, str] = MappingProxyType(
    {
        Asked.STAND_IN_FRONT: "Please stand in front of the camera",
        Asked.ONE_PERSON: "One person at a time, please",
        Asked.MOVE_CLOSER: "Please come closer",
        Asked.MOVE_TO_MIDDLE: "Please stand in the middle",
        Asked.MORE_LIGHT: "Too dark. Please turn to the light",
        Asked.LESS_LIGHT: "Too bright. Please step aside a little",
        Asked.EVEN_LIGHT: "Please turn your face to the light",
        Asked.LOOK_AT_CAMERA: "Please look at the camera",
        Asked.LOOK_AHEAD: "Please look straight at the camera",
        Asked.HOLD_UPRIGHT: "Please hold your head upright",
        Asked.UNCOVER_MOUTH: "Please uncover your mouth and nose",
        Asked.TAKE_OFF_SUNGLASSES: "Please take off your sunglasses",
        Asked.HOLD_STILL: "Please hold still",
        Asked.SHOW_WHOLE_FACE: "Please show your whole face",
        Asked.CLOSER_OR_BACK: "Please step a little closer or back",
        Asked.BLINK: "Please blink once",
        Asked.TURN_LEFT: "Please turn your head to your left",
        Asked.TURN_RIGHT: "Please turn your head to your right",
        Asked.NOD: "Please nod once",
    }
)

REASONS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.MATCH: "Please come in",
        Reason.UNKNOWN_REFERENCE: TRY_AGAIN,
        Reason.NOT_VALID_NOW: "You cannot come in at this time",
        Reason.WRONG_DOOR: "Your card is for another door",
        Reason.LOCKED_OUT: "Please wait a while, then try again",
        Reason.LOCKED_DOWN: "This door is closed for now",
        Reason.ALREADY_INSIDE: "Please go out with your card first",
        Reason.CLAIM_EXPIRED: "Please hold up your card again",
        Reason.SUPERSEDED: "Another card was held up",
        Reason.NO_FACE: "No face was seen. Please try again",
        Reason.MULTIPLE_FACES: "Please come alone and try again",
        Reason.POOR_QUALITY: "Not seen clearly. Please try again",
        Reason.NON_MATCH: TRY_AGAIN,
        Reason.AMBIGUOUS: TRY_AGAIN,
        Reason.PRESENTATION_ATTACK: TRY_AGAIN,
        Reason.CHALLENGE_FAILED: TRY_AGAIN,
        Reason.LIVENESS_UNAVAILABLE: TRY_AGAIN,
        Reason.CAMERA_UNAVAILABLE: OUT_OF_ORDER,
        Reason.MODEL_UNAVAILABLE: OUT_OF_ORDER,
        Reason.REFERENCE_UNUSABLE: TRY_AGAIN,
        Reason.JOURNAL_UNAVAILABLE: OUT_OF_ORDER,
        Reason.OVERHEATED: OUT_OF_ORDER,
        Reason.CLOCK_UNSYNCED: OUT_OF_ORDER,
        Reason.INTERNAL_ERROR: OUT_OF_ORDER,
    }
)

SCREEN: Mapping[str, str] = MappingProxyType(
    {
        "hold_up_card": "Please hold up your card",
        "one_moment": "One moment, please",
        "granted": "Welcome",
        "denied": "The door stays closed",
        "out_of_order": OUT_OF_ORDER,
        "no_answer": "No answer came. Please try the door",
        "open": "The door is open. Please come in",
        "language": "Language",
    }
)

TEXTS: Mapping[str, str] = MappingProxyType(
    {asked.code: text for asked, text in ASKED.items()}
    | {reason.value: text for reason, text in REASONS.items()}
    | dict(SCREEN)
)
"""Every kind with its English text."""


FOLDER = Path(__file__).with_name("catalogues")
DOMAIN = "edgeverify"


class LanguageError(ValueError):
    """A kind or a language that nothing is known of."""


def say(kind: str, language: str) -> str:
    """Return what to show for `kind` in `language` (a BCP 47 tag such as "de" or "zh-Hans").

    Raises LanguageError for a kind that is not in `KINDS`, or a language that is not in
    `edgeverify.domain.OWN_NAMES`.
    """
    text = TEXTS.get(kind)
    if text is None:
        raise LanguageError(f"nothing is known of the kind {kind[:40]!r}")
    if language not in OWN_NAMES:
        spoken = ", ".join(OWN_NAMES)
        raise LanguageError(f"no language {language[:40]!r}; there are {spoken}")
    return text if language == "en" else _catalogue(language).gettext(text)


def catalogue_name(language: str) -> str:
    """Return the name of a language's folder, as gettext writes it: "zh_Hans" for "zh-Hans"."""
    return language.replace("-", "_")


@functools.cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, localedir=FOLDER, languages=[catalogue_name(language)])
