"""What people write who do not know YAML: the line is named, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config import load_config
from edgeverify.errors import ConfigError
from tests.config.told import told

HEAD = "door: front-door\nstaff:\n"
ADA = '  - card: "0012345"\n    name: Ada\n    photos: [ada.jpg]\n'
TAB, SPACE = "Use spaces instead of the tab key.", "Write a space after the colon."
LINES = "ach key has a line of its own; a text with a colon in it stands in quotes."
QUOTED = "Put the text after the colon in quotes."
PLAIN = 'a card number must be in plain quotes: "0012345"'

WRITTEN = [
    ("a tab", ADA.replace("    name", "\tname"), "4: is not YAML", TAB),
    ("a tab in the indent", ADA.replace("    name", "  \t name"), ":4: is not YAML", TAB),
    ("quotes of a word processor", ADA.replace('"0012345"', "“0012345”"), ":3: ", PLAIN),
    ("quotes of a German one", ADA.replace('"0012345"', "„0012345“"), ":3: ", PLAIN),
    ("quotes of a French one", ADA.replace('"0012345"', "«0012345»"), ":3: ", PLAIN),
    ("a number of a spreadsheet", ADA.replace('"0012345"', "1.2345E+04"), ":3: ", "1.2345E+04"),
    ("one with a comma", ADA.replace('"0012345"', "1,23E+09"), ":3: ", "a spreadsheet has changed"),
    ("one with decimals", ADA.replace('"0012345"', "12345.0"), ":3: ", "as it stands on the card"),
    (
        "no space after a colon",
        ADA.replace("name: ", "name:"),
        "5: is not YAML",
        "Line 4: write a s",
    ),
    ("no colon", ADA.replace("name: ", "name "), ":5: is not YAML", "Line 4: write a colon and a"),
    (
        "an equals sign",
        ADA.replace("name: ", "name = "),
        ":5: is not YAML",
        "Line 4: write a colon",
    ),
    (
        "a wide colon",
        ADA.replace("name: ", "name\uff1a "),
        ":5: is not YAML",
        "Line 4: write a plain col",
    ),
    (
        "a hard space",
        ADA.replace("name: ", "name:\u00a0"),
        ":5: is not YAML",
        "Line 4: it holds U+00A0",
    ),
    ("a hard indent", ADA.replace("    name", "\u00a0\u00a0\u00a0\u00a0name"), ":5: ", "U+00A0"),
    ("no space after a dash", ADA.replace("- card", "-card"), ":4: is not YAML", "after the dash"),
    ("a bullet", ADA.replace("- card", "• card"), ":4: is not YAML", "Line 3: begin an entry of a"),
    ("a long dash", ADA.replace("- card", "\u2013 card"), ":4: ", "plain dash and a space"),
    ("lines that flowed together", '  - card: "1" name: Ada photos: [a.jpg]\n', ":3: ", LINES),
    ("commas between them", '  - card: "1", name: Ada, photos: [a.jpg]\n', ":3: ", LINES),
    (
        "a colon in a name",
        ADA.replace("Ada", "Ada: the boss"),
        ":4: ",
        "Put a text with a colon in",
    ),
    ("an apostrophe", ADA.replace("Ada", "'O'Brien'"), ":4: is not YAML", "in double quotes"),
    ("an at sign", ADA.replace("Ada", "@ada"), ":4: is not YAML", QUOTED),
    ("a per cent sign", ADA.replace("Ada", "%ada"), ":4: is not YAML", QUOTED),
    (
        "a Windows path",
        ADA.replace("[ada.jpg]", '["C:\\Users\\ada.jpg"]'),
        ":5: ",
        "Write / instead of",
    ),
    (
        "another column",
        ADA.replace("    name", "   name"),
        ":4: is not YAML",
        "in the same column.",
    ),
    ("a comment of C", "// my door\n" + ADA, "is not YAML", "omment begins with #."),
    ("a comment of an INI file", "; my door\n" + ADA, "is not YAML", "omment begins with #."),
    ("two versions", "<<<<<<< HEAD\n" + ADA, "is not YAML", "wo versions were put together here"),
]


@pytest.mark.parametrize(
    ("text", "where", "cure"), [pytest.param(*row, id=name) for name, *row in WRITTEN]
)
def test_the_line_and_the_cure_are_named(tmp_path: Path, text: str, where: str, cure: str) -> None:
    file = tmp_path / "door.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert where in caught.value.problem
    assert cure in caught.value.problem


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\x14\x00", "a Word or Excel file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an older Word or Excel file"),
        (b"{\\rtf1\\ansi door: a}", "a Word document"),
        (b"%PDF-1.4\n%\xe2\xe3", "a PDF document"),
        (b"<html><body>door: a", "a web page"),
        (b"\n<!doctype html>", "a web page"),
        ("door: a\n".encode("utf-16"), "UTF-16"),
        ("door: a\n".encode("utf-16-le"), "UTF-16"),
    ],
)
def test_a_file_of_another_kind_is_called_what_it_is(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    file = tmp_path / "door.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=kind):
        load_config(file)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["no", "O'Brien", "山田 太郎", "أحمد", "Lovelace, Ada", "Ada #2"])
def test_what_is_right_is_taken(tmp_path: Path, name: str, ending: str) -> None:
    file = tmp_path / "door.yaml"
    text = (HEAD + ADA.replace("Ada", f'"{name}"')).replace("\n", ending)
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_config(file).settings.staff[0].name == name


TYPE = "It holds U+{}: type it again"
ODD: list[tuple[str, str, str]] = [
    (
        "a letter that cannot be seen",
        "mq\u200btt: {host: a}",
        f"1: mq\u200btt: unknown key; did you mean 'mqtt'? {TYPE.format('200B')}",
    ),
    (
        "a hard blank before a key",
        "mqtt:\n\u00a0 host: a",
        f"2: \u00a0 host: unknown key. {TYPE.format('00A0')}",
    ),
    (
        "a letter of another script",
        "sta\u0192\u0192: []",
        f"1: sta\u0192\u0192: unknown key; did you mean 'staff'? {TYPE.format('0192')}",
    ),
    (
        "a wide colon in front of a section",
        "mqtt\uff1a {host: a}",
        f"1: mqtt\uff1a {{host: unknown key. {TYPE.format('FF1A')}",
    ),
    (
        "a broker in a word processor's quotes",
        "mqtt: {host: \u201cbroker.lan\u201d}",
        '1: mqtt.host: is a name or an address; only plain quotes (") may stand around it',
    ),
    ("a bundle without a name", 'model: {bundle: ""}', "1: model.bundle: must not be empty"),
]


@pytest.mark.parametrize(
    ("text", "message"), [pytest.param(text, message, id=name) for name, text, message in ODD]
)
def test_what_looks_right_on_a_screen_is_named_by_its_code(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "door.yaml"
    assert told(file, text) == [f"{file}:{message}"]
