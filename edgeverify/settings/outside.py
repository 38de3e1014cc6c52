"""`mqtt:`, `home_assistant:`, `events:`, `audit:`, `journal:`, `keys:`: told and kept."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from edgeverify.host_name import is_host_name
from edgeverify.settings.section import Section

_PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
_QUOTES = re.compile("[\"'`\u00ab\u00bb\u2018-\u201f]")
MOST_MQTT_BYTES = 65535
"""MQTT writes the length of a text in two bytes."""
MOST_TOPIC_CHARACTERS = 200
"""Of a hub's prefix: Mosquitto ends the connection at a topic of more than 200 levels."""


class TlsSettings(Section):
    """Transport security to the broker; empty names mean the system's defaults."""

    enabled: bool = False
    """Speak TLS to the broker; its usual port is then 8883."""
    ca_file: str = ""
    """PEM; empty: the system's certificate authorities."""
    certificate_file: str = ""
    """PEM client certificate; empty: none."""
    key_file: str = ""
    """PEM private key of the client certificate."""

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> Self:
        if bool(self.certificate_file) != bool(self.key_file):
            raise ValueError("certificate_file and key_file belong together")
        return self


class MqttSettings(Section):
    """The broker."""

    host: str = Field(default="localhost", min_length=1)
    """Name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """TCP port; 8883 is usual for TLS."""
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    """`auto`: MQTT 5, and 3.1.1 where the broker has nothing else."""
    username: str = ""
    """Empty: none is sent."""
    password_file: str = ""
    """File that holds the password (0600), or the name of a systemd credential."""
    keepalive_seconds: int = Field(default=15, ge=5, le=600)
    """The broker tells the others that the door is gone after 1.5 times this."""
    max_reconnect_seconds: float = Field(default=20.0, ge=1, le=300)
    """Longest pause between two attempts to connect."""
    tls: TlsSettings = TlsSettings()

    @field_validator("username")
    @classmethod
    def _username_fits_its_field(cls, value: str) -> str:
        if len(value.encode()) > MOST_MQTT_BYTES:
            raise ValueError(f"has at most {MOST_MQTT_BYTES:,} bytes")
        return value

    @field_validator("host")
    @classmethod
    def _host_is_a_host_alone(cls, value: str) -> str:
        if "://" in value or "/" in value or "@" in value:
            raise ValueError(
                "is a name or an address alone, such as broker.example; user, password, port and "
                "TLS have keys of their own below mqtt"
            )
        if value.count(":") == 1 or value.startswith("["):
            raise ValueError(
                "is a name or an address without a port (or brackets); mqtt.port has the port"
            )
        if _QUOTES.search(value):
            raise ValueError('is a name or an address; only plain quotes (") may stand around it')
        if any(letter.isspace() for letter in value):
            raise ValueError("is a name or an address without blanks")
        if not is_host_name(value):
            raise ValueError("has a character that no host's name or address has")
        try:
            value.encode("idna")
        except UnicodeError:
            raise ValueError(
                "is not a name that can be looked up: its parts between the dots have 1 to 63 "
                "characters each, and it has at most 253"
            ) from None
        return value


class HomeAssistantSettings(Section):
    """Home Assistant at the same broker shows the door by itself (docs/integrations.md)."""

    discovery: bool = False
    """Announce the door: decisions as events, its state, its lock, its temperature. No card and no
    name; nothing in it opens anything."""
    prefix: str = Field(default="homeassistant", max_length=MOST_TOPIC_CHARACTERS)
    """The hub's discovery prefix; it says `online` at `status` below it."""

    @field_validator("prefix")
    @classmethod
    def _prefix_fits_a_topic(cls, value: str) -> str:
        if not _PREFIX.fullmatch(value):
            raise ValueError(
                "is letters, digits, _ and -, with single / between them, such as homeassistant"
            )
        return value


class EventSettings(Section):
    """The live decision."""

    expires_seconds: float = Field(default=5.0, ge=1, le=60)
    """A grant is worth nothing after this."""


class AuditSettings(Section):
    """The history of decisions on the `audit` topic."""

    include_scores: bool = False
    """Scores help an attacker climb; they are published only if this says so."""


class JournalSettings(Section):
    """How long decisions are kept on this machine."""

    retention_days: int = Field(default=90, ge=1, le=36500)
    """Delivered decisions older than this go."""
    max_mebibytes: int = Field(default=512, ge=8, le=1048576)
    """The oldest delivered decisions go first when the file grows beyond this."""
    live_fmr: bool = True
    """Compare each face that is let in with everybody else's reference, and keep counts of the
    scores for each card (no face, no embedding): they say what the false match rate is at this
    door. The counts never leave the journal."""


class KeySettings(Section):
    """Where secrets come from."""

    master_key_file: str = ""
    """32 raw bytes (0600) that wrap every reference's key, or the name of a systemd credential;
    empty: made on first start in the state directory."""
    previous_key_days: int = Field(default=30, ge=0, le=3650)
    """How long subscribers should accept the old signing key after `edgeverify keys rotate`."""
