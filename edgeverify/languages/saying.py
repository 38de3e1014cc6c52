"""From a kind and a language to the words on the screen, through gettext's compiled catalogues."""

from __future__ import annotations

import functools
import gettext
from pathlib import Path

from edgeverify.domain import OWN_NAMES
from edgeverify.languages.texts import TEXTS

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
