"""What a wrong `osdp_reader:` gets. Every message here is the whole message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.told import told

BAD: list[tuple[str, str, str]] = [
    (
        "a panel without a port",
        "osdp_reader:\n  enabled: true\n  key_file: panel.key",
        "1: osdp_reader: enabled needs port, the RS-485 adapter's name",
    ),
    (
        "a panel without a key",
        "osdp_reader:\n  enabled: true\n  port: /dev/ttyUSB0",
        (
            "1: osdp_reader: enabled needs key_file, the secure channel's key (or, for a panel "
            "that has none, accept_no_secure_channel: true)"
        ),
    ),
    (
        "a panel with a key and without a secure channel",
        "osdp_reader: {key_file: panel.key, accept_no_secure_channel: true}",
        "1: osdp_reader: has key_file and accept_no_secure_channel; take one of them out",
    ),
    (
        "a panel whose lights say one thing",
        "osdp_reader: {denied_color: green}",
        "1: osdp_reader: granted_color and denied_color must differ",
    ),
    (
        "a format that no panel knows",
        "osdp_reader:\n  card:\n    bits: 32",
        (
            "2: osdp_reader.card: bits is 26, 34 or 37 for format 'wiegand', not 32; format 'raw' "
            "sends any number of bits"
        ),
    ),
    (
        "a reader and a panel on one bus",
        (
            "claims:\n  sources: [osdp]\n  osdp: {port: /dev/ttyUSB0, key_file: a}\n"
            "osdp_reader: {enabled: true, port: /dev/ttyUSB0, key_file: b}"
        ),
        (
            " osdp_reader.port and claims.osdp.port are the same; the panel and the reader need a "
            "bus of their own each"
        ),
    ),
]


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(text, message, id=name) for name, text, message in BAD],
)
def test_a_bad_panel_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "door.yaml"
    assert told(file, text) == [f"{file}:{message}"]
