"""What the broker's protocol cannot carry is refused where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.told import told

NO_NAME = (
    "is not a name that can be looked up: its parts between the dots have 1 to 63 characters each, "
    "and it has at most 253"
)
BAD: list[tuple[str, str, str]] = [
    (
        "a user name that no packet holds",
        "mqtt:\n  username: " + "\u00fc" * 32768,
        "2: mqtt.username: has at most 65,535 bytes",
    ),
    ("a host of nothing", "mqtt:\n  host: a..b", "2: mqtt.host: " + NO_NAME),
    ("a host of one long part", f"mqtt:\n  host: {'a' * 64}", "2: mqtt.host: " + NO_NAME),
    (
        "a host with its password, percent-encoded",
        "mqtt:\n  host: door%3Ahunter2%40broker",
        "2: mqtt.host: has a character that no host's name or address has",
    ),
    (
        "every host",
        'mqtt:\n  host: "*"',
        "2: mqtt.host: has a character that no host's name or address has",
    ),
    (
        "a wildcard in a topic",
        'home_assistant:\n  prefix: "home/#"',
        (
            "2: home_assistant.prefix: is letters, digits, _ and -, with single / between them, "
            "such as homeassistant"
        ),
    ),
    (
        "a topic of more levels than Mosquitto takes",
        f"home_assistant:\n  prefix: {'/'.join('a' * 201)}",
        "2: home_assistant.prefix: must have at most 200 characters",
    ),
    (
        "points that are named by a word",
        "decision:\n  accept_points: all",
        (
            "2: decision.accept_points: is 12 hexadecimal digits in quotes, as the fault "
            "threshold_held names them"
        ),
    ),
]


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_no_packet_holds_is_named_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "door.yaml"
    assert told(file, text) == [f"{file}:{message}"]
