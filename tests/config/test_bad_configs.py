"""What bad YAML gets: file, line, key, what is allowed. Every message here is the whole message."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config import ConfigProblemsError, load_config
from edgeverify.errors import ConfigError

ADA = 'staff:\n  - card: "1"\n    name: Ada\n    photos: [ada.jpg]\n'
QUOTES = "Without them YAML takes it for a number and drops its leading zeros"  # a card number

BAD: list[tuple[str, str, str]] = [
    # ---- keys
    (
        "an unknown key near a known one",
        "camra: {}",
        "1: camra: unknown key; did you mean 'camera'?",
    ),
    (
        "an unknown key that stands elsewhere",
        "max_fmr: 0.001",
        "1: max_fmr: unknown key here; did you mean decision.max_fmr?",
    ),
    (
        "an unknown key like nothing",
        "vision:\n  qwertz: 1",
        "2: vision.qwertz: unknown key; allowed here: dominance_ratio, min_detection_confidence",
    ),
    (
        "a top-level key one level too deep",
        "mqtt:\n  door: x",
        "2: mqtt.door: unknown key here; did you mean door?",
    ),
    (
        "a key twice",
        "door: a\ncamera:\n  loop: true\ndoor: b",
        "4: door: appears twice, first in line 1",
    ),
    (
        "a key twice deep inside",
        "mqtt:\n  tls:\n    enabled: true\n    enabled: true",
        "4: mqtt.tls.enabled: appears twice, first in line 3",
    ),
    # ---- types
    ("a number for text", "camera:\n  source: 0", "2: camera.source: must be text, not 0"),
    (
        "text for a number",
        'mqtt:\n  port: "1883"',
        '2: mqtt.port: must be a whole number, not the text "1883"',
    ),
    (
        "a fraction for a whole number",
        "decision:\n  window_frames: 3.5",
        "2: decision.window_frames: must be a whole number, not 3.5",
    ),
    (
        "on for true",
        "mqtt:\n  tls:\n    enabled: on",
        '3: mqtt.tls.enabled: must be true or false, not the text "on"',
    ),
    (
        "1 for true",
        "camera:\n  loop: 1",
        "2: camera.loop: must be true or false, not 1",
    ),
    (
        "true for a number",
        "mqtt:\n  port: true",
        "2: mqtt.port: must be a whole number, not true",
    ),
    (
        "a section where a word belongs",
        "door: {name: x}",
        "1: door: must be text, not a section",
    ),
    (
        "a word where a section belongs",
        "camera: /dev/video0",
        '1: camera: must be a section with keys below it, not the text "/dev/video0"',
    ),
    (
        "a word where a list belongs",
        "claims:\n  sources: mqtt",
        '2: claims.sources: must be a list, not the text "mqtt"',
    ),
    ("an empty value", "door:", "1: door: must be text, not empty"),
    # ---- ranges
    ("too small", "camera:\n  width: 5", "2: camera.width: must be 160 to 7680, not 5"),
    (
        "at an open end",
        "decision:\n  max_fmr: 0",
        "2: decision.max_fmr: must be above 0, at most 0.1, not 0",
    ),
    (
        "infinite",
        "decision:\n  timeout_seconds: .inf",
        "2: decision.timeout_seconds: must be a finite number, not inf",
    ),
    (
        "not a number at all",
        "decision:\n  threshold: .nan",
        "2: decision.threshold: must be a finite number, not nan",
    ),
    (
        "another word",
        "camera:\n  pace: fast",
        '2: camera.pace: must be realtime or lockstep, not the text "fast"',
    ),
    (
        "another word in a list",
        "claims:\n  sources:\n    - mqtt\n    - nfc",
        (
            "4: claims.sources[1]: must be mqtt, fixed, walk_up, keyboard, serial, pcsc, wiegand "
            'or osdp, not the text "nfc"'
        ),
    ),
    (
        "an empty list",
        "claims:\n  sources: []",
        "2: claims.sources: must not be empty",
    ),
    # ---- what does not fit together
    (
        "more matches than frames",
        "decision:\n  required_matches: 9\n  max_comparisons: 20",
        "1: decision: required_matches (9) cannot exceed window_frames (5)",
    ),
    (
        "a fixed claim for nobody",
        "claims:\n  sources: [fixed]",
        "1: claims: sources has 'fixed', so fixed_card must name the occupant's card",
    ),
    (
        "a reader without its place",
        "claims:\n  sources: [serial]",
        "1: claims: sources has 'serial', so serial.port must be set",
    ),
    (
        "an OSDP reader without its key",
        "claims:\n  sources: [osdp]\n  osdp: {port: /dev/ttyUSB0}",
        "1: claims: sources has 'osdp', so osdp.port and osdp.key_file must be set",
    ),
    (
        "cards that nobody can check",
        "claims:\n  sources: [pcsc]\n  pcsc: {application: F065}",
        "1: claims: pcsc.application needs pcsc.key_file, which checks what it holds",
    ),
    (
        "a pattern that is none",
        'claims:\n  serial: {pattern: "(["}',
        (
            "2: claims.serial.pattern: is not a regular expression: "
            "unterminated character set at position 1"
        ),
    ),
    (
        "a certificate without its key",
        "mqtt:\n  tls:\n    certificate_file: a.pem",
        "2: mqtt.tls: certificate_file and key_file belong together",
    ),
    (
        "a door that fits no topic",
        "door: Front/Door",
        "1: door: a door's name is 1 to 63 lower-case letters, digits and dashes",
    ),
    # ---- people
    (
        "a card without quotes",
        "staff:\n  - card: 0012345\n    name: Ada\n    photos: [a.jpg]",
        f'2: staff[0].card: a card number must be in quotes: "0012345". {QUOTES}',
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
        "5: staff[0].hours.time_zone: unknown time zone 'Berlin'; use a name such as Europe/Berlin",
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
    # ---- YAML itself
    (
        "an anchor",
        "door: &d a",
        "1: door: anchors (&name) and aliases (*name) are not accepted",
    ),
    (
        "a bomb of aliases",
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]",
        "1: a: anchors (&name) and aliases (*name) are not accepted",
    ),
    (
        "a tag that would run code",
        "door: !!python/object/apply:os.system [id]",
        "1: door: tags are not accepted: tag:yaml.org,2002:python/object/apply:os.system",
    ),
    ("nine levels", "a: " + "[" * 9 + "]" * 9, "1: is nested deeper than 8 levels"),
    ("a hundred thousand levels", "[" * 100_000, "1: is nested deeper than 8 levels"),
    ("two documents", "door: a\n---\ndoor: b", "2: holds a second document (a line with `---`)"),
    (
        "a list at the top",
        "- door: a",
        "1: must hold keys (`door: front-door`), not a list or text",
    ),
    (
        "a word at the top",
        "front-door",
        "1: must hold keys (`door: front-door`), not a list or text",
    ),
    (
        "a NUL by its escape",
        'staff_file: "a\\0b"',
        "1: staff_file: must be one line of text without control characters",
    ),
    (
        "half a character",
        ADA.replace("Ada", '"\\uD800"'),
        "3: staff[0].name: must be one line of text without control characters",
    ),
    (
        "a name of two lines, which would forge a line of the log",
        ADA.replace("Ada", '"Ada\\nINFO granted"'),
        "3: staff[0].name: must be one line of text without control characters",
    ),
    ("a list as a key", "? [a]\n: 1", "1: a key must be plain text"),
    (
        "a tab",
        "camera:\n\tloop: true",
        "2: is not YAML: found character '\\t' that cannot start any token",
    ),
    (
        "an open bracket",
        "claims:\n  sources: [mqtt",
        "2: is not YAML: expected ',' or ']', but got '<stream end>'",
    ),
]


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(text, message, id=name) for name, text, message in BAD],
)
def test_a_bad_config_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "door.yaml"
    file.write_text(text)
    with pytest.raises(ConfigProblemsError) as caught:
        load_config(file)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{file}:{message.replace('FILE', str(file))}"
    ]
    assert caught.value.exit_code == 78


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_text(
        "door: Front Door\ncamra: {}\nmqtt:\n  port: 70000\nmqtt: {}\n"
        "staff:\n  - card: 0012\n    photos: [a.jpg]\n"
    )
    with pytest.raises(ConfigProblemsError) as caught:
        load_config(file)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 4, 5, 7, 7]
    assert caught.value.problem.startswith("the config has 6 mistakes:\n")


def test_a_merge_key_is_just_an_unknown_key(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_text("<<: {door: a}\n")
    with pytest.raises(ConfigProblemsError, match="<<: unknown key"):
        load_config(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        load_config(tmp_path / "nowhere.yaml")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


def test_a_file_over_4_mebibytes(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    with pytest.raises(ConfigError, match="is larger than 4 MiB"):
        load_config(file)


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_bytes(b"# fine\ndoor: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"door.yaml:2: is not UTF-8 text"):
        load_config(file)


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_no_comment_hides_a_key_behind_an_invisible_separator(
    tmp_path: Path, separator: str
) -> None:
    """YAML 1.1 ends a comment there, YAML 1.2 and most editors do not."""
    file = tmp_path / "door.yaml"
    file.write_text(f"door: a\n# quiet{separator}liveness: off\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"door.yaml:2: holds the invisible line separator U\+"):
        load_config(file)


def test_a_byte_order_mark_is_taken_off_in_front_and_refused_inside(tmp_path: Path) -> None:
    """libyaml would make a word of it, and PyYAML's own parser nothing."""
    file = tmp_path / "door.yaml"
    file.write_text("\ufeffdoor: a\n", encoding="utf-8")
    assert load_config(file).settings.door == "a"
    file.write_text("# two files in one\n\ufeff\ndoor: a\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"door.yaml:2: holds the invisible byte order mark"):
        load_config(file)


def test_a_mistake_in_a_large_file_is_told_by_the_fast_parser_alone(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_text("# much\n" * 50_000 + "claims: [mqtt\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"door.yaml:50002: is not YAML: did not find expected"):
        load_config(file)


def test_a_control_character(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_bytes(b"door: a\x00b\n")
    with pytest.raises(ConfigError, match=r"door.yaml:1: is not YAML: unacceptable"):
        load_config(file)
