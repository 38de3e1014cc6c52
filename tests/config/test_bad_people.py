"""What a bad list of people gets. Every message here is the whole message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.told import told

ADA = 'staff:\n  - card: "1"\n    name: Ada\n    photos: [ada.jpg]\n'
QUOTES = "Without them YAML takes it for a number and drops its leading zeros"  # a card number

BAD: list[tuple[str, str, str]] = [
    (
        "a card without quotes",
        "staff:\n  - card: 0012345\n    name: Ada\n    photos: [a.jpg]",
        f'2: staff[0].card: a card number must be in quotes: "0012345". {QUOTES}',
    ),
    (
        "a word as a card, without quotes",
        "staff:\n  - card: yes\n    name: Ada\n    photos: [a.jpg]",
        (
            '2: staff[0].card: a card number must be in quotes: "yes". Without them YAML takes '
            "some words for something else, as yes and null"
        ),
    ),
    (
        "a list of lists of photos",
        'staff:\n  - card: "1"\n    name: Ada\n    photos: [[a.jpg]]',
        "4: staff[0].photos[0]: must be text, not a list",
    ),
    (
        "the occupant's card without quotes",
        "claims:\n  fixed_card: 0017",
        f'2: claims.fixed_card: a card number must be in quotes: "0017". {QUOTES}',
    ),
    (
        "a card with a slash",
        'staff:\n  - card: "a/b"\n    name: Ada\n    photos: [a.jpg]',
        (
            "2: staff[0].card: a card number is 1 to 64 letters, digits and . _ : - beginning with "
            "a letter or digit"
        ),
    ),
    (
        "a card on two people",
        ADA + '  - card: "1"\n    name: Bob\n    photos: [b.jpg]',
        '5: staff[1].card: card "1" appears twice, first in FILE:2',
    ),
    ("nobody's name", 'staff:\n  - card: "1"\n    photos: [a.jpg]', "2: staff[0].name: is missing"),
    (
        "no photo",
        'staff:\n  - card: "1"\n    name: Ada\n    photos: []',
        "4: staff[0].photos: must not be empty",
    ),
    (
        "a month that does not exist",
        ADA + "    valid_until: 2026-13-01",
        (
            "5: staff[0].valid_until: is not a day of the calendar such as 2026-12-31: the text "
            '"2026-13-01"'
        ),
    ),
    (
        "a day as a number",
        ADA + "    valid_from: 20260101",
        "5: staff[0].valid_from: a day is written as 2026-12-31, not 20260101",
    ),
    (
        "validity backwards",
        ADA + "    valid_from: 2026-02-01\n    valid_until: 2026-01-01",
        "2: staff[0]: valid_until lies before valid_from",
    ),
    (
        "a time zone that does not exist",
        ADA + "    hours: {time_zone: Berlin}",
        "5: staff[0].hours.time_zone: unknown time zone 'Berlin'; did you mean Europe/Berlin?",
    ),
    (
        "hours in another way",
        ADA + '    hours: {windows: ["9 to 5"]}',
        (
            '5: staff[0].hours.windows[0]: opening hours look like "Mon-Fri 07:00-19:00", not '
            "'9 to 5'"
        ),
    ),
    (
        "a day that does not exist",
        ADA + '    hours: {windows: ["Mon-Fry 07:00-19:00"]}',
        (
            "5: staff[0].hours.windows[0]: 'Fry' in 'Mon-Fry 07:00-19:00' is not a day; days are "
            "Mon, Tue, Wed, Thu, Fri, Sat, Sun"
        ),
    ),
    (
        "a time that does not exist",
        ADA + '    hours: {windows: ["Mon 07:00-25:00"]}',
        (
            "5: staff[0].hours.windows[0]: 25:00 in 'Mon 07:00-25:00' is not a time of day "
            "(00:00 to 24:00)"
        ),
    ),
    (
        "hours that are none",
        ADA + '    hours: {windows: ["Mon 07:00-07:00"]}',
        "5: staff[0].hours.windows[0]: 'Mon 07:00-07:00' is empty; the whole day is 00:00-24:00",
    ),
]


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(text, message, id=name) for name, text, message in BAD],
)
def test_a_bad_list_of_people_is_named_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "door.yaml"
    assert told(file, text) == [f"{file}:{message.replace('FILE', str(file))}"]
