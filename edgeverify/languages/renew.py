"""Bring the catalogues up to the English texts: `python -m edgeverify.languages.renew`.

It needs Babel (the `dev` extra), which no door has: a door reads the compiled catalogues with the
standard library. New texts come in untranslated, and a test names them.
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from edgeverify.domain import OWN_NAMES
from edgeverify.languages.texts import DOMAIN, FOLDER, TEXTS, catalogue_name

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

PROJECT = "edgeverify"
UNDATED = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""Catalogues carry no date of their own, so that a renewal changes what has changed."""


def template() -> Catalog:
    """Return every English text, with the kinds that show it as a comment for translators."""
    from babel.messages.catalog import Catalog

    found = Catalog(project=PROJECT, creation_date=UNDATED)
    for text in dict.fromkeys(TEXTS.values()):
        kinds = ", ".join(kind for kind, shown in TEXTS.items() if shown == text)
        found.add(text, auto_comments=[f"kinds: {kinds}"])
    return found


def renew(folder: Path = FOLDER) -> tuple[str, ...]:
    """Update each language's catalogue under `folder`, and compile it; return what it wants.

    A line names a language and a text that has no translation, or one that is only guessed. Such
    a text is left out of the compiled catalogue.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po, write_po

    wanted: list[str] = []
    for language in OWN_NAMES:
        if language == "en":
            continue
        name = catalogue_name(language)
        place = folder / name / "LC_MESSAGES"
        place.mkdir(parents=True, exist_ok=True)
        source = place / f"{DOMAIN}.po"
        catalogue = Catalog(locale=name, project=PROJECT, creation_date=UNDATED)
        if source.exists():
            with source.open("rb") as file:
                catalogue = read_po(file, locale=name)
        catalogue.update(template(), no_fuzzy_matching=True)
        catalogue.fuzzy = False
        catalogue.version = catalogue.last_translator = catalogue.msgid_bugs_address = PROJECT
        catalogue.language_team = OWN_NAMES[language]
        catalogue.header_comment = f"# {OWN_NAMES[language]}: edgeverify at the door."
        catalogue.creation_date = catalogue.revision_date = UNDATED
        with source.open("wb") as file:
            write_po(file, catalogue, width=0, ignore_obsolete=True)
        with (place / f"{DOMAIN}.mo").open("wb") as file:
            write_mo(file, catalogue)
        wanted += [
            f"{language}: {message.id!r}"
            for message in catalogue
            if message.id and (message.fuzzy or not message.string)
        ]
    return tuple(wanted)


def main() -> None:
    """Renew, and say what is still to be translated; exit status 1 where anything is."""
    wanted = renew()
    for line in wanted:
        sys.stdout.write(f"to be translated: {line}\n")
    sys.exit(1 if wanted else 0)


if __name__ == "__main__":
    main()
