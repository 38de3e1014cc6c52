"""Every text in every language: translated, sure, short, and compiled as it stands."""

from __future__ import annotations

import gettext
import unicodedata
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from edgeverify.domain import OWN_NAMES
from edgeverify.languages import KINDS, say
from edgeverify.languages.renew import renew, template
from edgeverify.languages.texts import DOMAIN, FOLDER, TEXTS, catalogue_name

TRANSLATED = [language for language in OWN_NAMES if language != "en"]
WIDEST = 40
"""Columns; a Chinese or Japanese sign takes two."""
SAME_WORD: set[tuple[str, str]] = set()
"""Translations that are the English word, on purpose."""


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _source(language: str) -> Path:
    return FOLDER / catalogue_name(language) / "LC_MESSAGES" / f"{DOMAIN}.po"


def _read(file: Path, language: str) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened, locale=catalogue_name(language))


def faults(catalogue: Catalog, language: str) -> list[str]:
    """Return what a translator has to do still, a line for each."""
    wanted = {message.id for message in template() if message.id}
    found = [f"missing: {text}" for text in wanted if catalogue.get(text) is None]
    for message in catalogue:
        text, said = str(message.id), str(message.string)
        if not text:
            continue
        if text not in wanted:
            found.append(f"no such text any more: {text}")
        elif not said.strip():
            found.append(f"untranslated: {text}")
        elif message.fuzzy:
            found.append(f"guessed: {text}")
        elif said == text and (language, text) not in SAME_WORD:
            found.append(f"still English: {text}")
        elif "'" in said:
            found.append(f"a typewriter's apostrophe: {said}")
        elif (
            _columns(said) > WIDEST
            or said != said.strip()
            or said[-1] in ".!\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH EXCLAMATION MARK}"
        ):
            found.append(f"too long, or ends wrongly: {said}")
    return found


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    assert faults(_read(_source(language), language), language) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_compiled_is_what_translators_wrote(language: str) -> None:
    with _source(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    said = {str(one.id): str(one.string) for one in _read(_source(language), language) if one.id}
    assert len(said) > 30
    assert {text: compiled.gettext(text) for text in said} == said, "run `make languages`"


def test_a_catalogue_with_gaps_is_found_out(tmp_path: Path) -> None:
    """The control: what the test above would say of a text that nobody has translated yet."""
    file = tmp_path / "de" / "LC_MESSAGES" / f"{DOMAIN}.po"
    file.parent.mkdir(parents=True)
    whole = _source("de").read_text(encoding="utf-8")
    entry = 'msgid "Please nod once"\nmsgstr "Bitte einmal nicken"\n'
    assert entry in whole
    broken = {
        "untranslated": entry.replace("Bitte einmal nicken", ""),
        "guessed": "#, fuzzy\n" + entry,
        "missing": "",
        "still English": entry.replace("Bitte einmal nicken", "Please nod once"),
        "a typewriter's apostrophe": entry.replace("Bitte einmal nicken", "Please nod once'"),
    }
    for fault, instead in broken.items():
        file.write_text(whole.replace(entry, instead), encoding="utf-8")
        assert [each.rstrip("'") for each in faults(_read(file, "de"), "de")] == [
            f"{fault}: Please nod once"
        ]
    file.write_text(whole.replace(entry, ""), encoding="utf-8")
    assert "de: 'Please nod once'" in renew(tmp_path)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_renewal_changes_nothing_that_is_up_to_date(language: str, tmp_path: Path) -> None:
    name = catalogue_name(language)
    file = tmp_path / name / "LC_MESSAGES" / f"{DOMAIN}.po"
    file.parent.mkdir(parents=True)
    before = _source(language).read_bytes()
    file.write_bytes(before)
    renew(tmp_path)
    generator = b'"Generated-By'
    kept = [line for line in before.splitlines() if not line.startswith(generator)]
    now = [line for line in file.read_bytes().splitlines() if not line.startswith(generator)]
    assert now == kept


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_said_in_every_language(kind: str) -> None:
    assert say(kind, "en") == TEXTS[kind]
    assert _columns(TEXTS[kind]) <= WIDEST
    said = {say(kind, language) for language in OWN_NAMES}
    assert len(said) > len(OWN_NAMES) // 2
