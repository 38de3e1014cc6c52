"""What bad YAML gets: file, line, key, what is allowed. Every message here is the whole message."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config import ConfigProblemsError, load_config
from tests.config.told import told

ADA = 'staff:\n  - card: "1"\n    name: Ada\n    photos: [ada.jpg]\n'

NO_SETTING = (
    "1: holds no setting, only comments or an empty section. Write at least `door:` (its name), "
    "`camera:` with `source:`, `mqtt:` with `host:`, and `staff:`"
)
ONE_LINE = "must be one line of text without control characters"
TURNING = (
    "holds the invisible character {}, which reverses the text around it: a list or a page would "
    "show something else than is written here. Leave it out"
)

BAD: list[tuple[str, str, str]] = [
    # ---- what a full disk or an editor leaves for a moment
    ("an empty file", "", "1: is empty"),
    ("an empty file with a mark", "\ufeff \n", "1: is empty"),
    ("a file of comments alone", "# door: front\n#camera: 0\n", NO_SETTING),
    ("a document that says nothing", "---\n{}\n", NO_SETTING),
    (
        "a name that is shown in another order than it has",
        'staff:\n  - card: "1"\n    name: "Ada \\u202egnp.exe"\n    photos: [ada.jpg]\n',
        "3: staff[0].name: " + TURNING.format("U+202E"),
    ),
    (
        "a name that ends the line of a page",
        'staff:\n  - card: "1"\n    name: "Ada\\u2028Bob"\n    photos: [ada.jpg]\n',
        "3: staff[0].name: " + TURNING.format("U+2028"),
    ),
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
        '2: claims.sources: must be a list, not the text "mqtt"; put it in brackets: ["mqtt"]',
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
        "one reader on both sides of the door",
        "claims:\n  sources: [pcsc]\n  exit_sources: [pcsc]\nrules: {anti_passback: hard}",
        (
            "1: claims: 'pcsc' stands in sources and in exit_sources, but one reader hangs on one "
            "side of the door: take readers of two kinds, or let one publish over MQTT"
        ),
    ),
    (
        "a reader at the exit without its port",
        "claims:\n  exit_sources: [serial]\nrules: {anti_passback: hard}",
        "1: claims: exit_sources has 'serial', so serial.port must be set",
    ),
    (
        "a reader at the exit that nobody asks",
        "claims:\n  exit_sources: [pcsc]",
        (
            " claims.exit_sources is read for rules.anti_passback, which is off: set it to soft "
            "or hard, or take the reader out"
        ),
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
        "bytes to turn round, of which nobody knows how many there are",
        (
            "claims:\n  sources: [keyboard]\n  keyboard:\n    device: /dev/input/by-id/a\n"
            "    typed: decimal\n    number: {byte_order: reversed}"
        ),
        (
            "1: claims: keyboard.number.byte_order is reversed, so keyboard.number.bytes must say "
            "how many bytes the cards have (4, most of them): a decimal number leaves zeros out in "
            "front, and turned round two cards would have one number"
        ),
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
        (
            "1: door: tags (words that begin with !) are not accepted. Put a text that begins "
            "with ! in quotes"
        ),
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
    ("a NUL by its escape", 'staff_file: "a\\0b"', "1: staff_file: " + ONE_LINE),
    ("half a character", ADA.replace("Ada", '"\\uD800"'), "3: staff[0].name: " + ONE_LINE),
    (
        "a name of two lines, which would forge a line of the log",
        ADA.replace("Ada", '"Ada\\nINFO granted"'),
        "3: staff[0].name: " + ONE_LINE,
    ),
    ("a list as a key", "? [a]\n: 1", "1: a key must be plain text"),
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
    assert told(file, text) == [f"{file}:{message.replace('FILE', str(file))}"]


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
