"""The YAML as frozen types: one model per section, every default, bound and unit. No I/O."""

from __future__ import annotations

import re

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from edgeverify.domain import Language
from edgeverify.settings.camera import (
    DEFAULT_BUNDLE,
    CameraSettings,
    ModelSettings,
    QualitySettings,
    VisionSettings,
)
from edgeverify.settings.decision import (
    ClaimSettings,
    ClockSettings,
    DecisionSettings,
    LockoutSettings,
)
from edgeverify.settings.liveness import ChallengeSettings, LivenessMode, PadSettings
from edgeverify.settings.operation import LogSettings, MetricsSettings, ThermalSettings
from edgeverify.settings.osdp_reader import OsdpReaderSettings, PanelCardSettings
from edgeverify.settings.outside import (
    AuditSettings,
    EventSettings,
    HomeAssistantSettings,
    JournalSettings,
    KeySettings,
    MqttSettings,
    TlsSettings,
)
from edgeverify.settings.people import EnrolmentSettings, HoursSettings, StaffEntry, TimeZone
from edgeverify.settings.rules import CommandSettings, EvidenceSettings, RuleSettings
from edgeverify.settings.section import Section
from edgeverify.settings.signals import SignalSettings
from edgeverify.settings.web import WebSettings

DOOR = re.compile(r"^[a-z0-9][a-z0-9\-]{0,62}$")


def fits_a_topic(value: str) -> str:
    """Return a door's name that may stand in a topic. Raises ValueError."""
    if not DOOR.match(value):
        raise ValueError("a door's name is 1 to 63 lower-case letters, digits and dashes")
    return value


class Settings(Section):
    """The whole configuration of one door."""

    door: str = "front-door"
    """This door's name: lower-case letters, digits and dashes. It stands in every topic."""
    model: ModelSettings = ModelSettings()
    camera: CameraSettings = CameraSettings()
    vision: VisionSettings = VisionSettings()
    quality: QualitySettings = QualitySettings()
    claims: ClaimSettings = ClaimSettings()
    decision: DecisionSettings = DecisionSettings()
    lockout: LockoutSettings = LockoutSettings()
    liveness: LivenessMode = "auto"
    """`auto`: passive where a PAD bundle is installed, else challenge. `passive`, `challenge`,
    `both`; `off` must be written by hand and shows as degraded for ever."""
    pad: PadSettings = PadSettings()
    challenge: ChallengeSettings = ChallengeSettings()
    osdp_reader: OsdpReaderSettings = OsdpReaderSettings()
    mqtt: MqttSettings = MqttSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    events: EventSettings = EventSettings()
    audit: AuditSettings = AuditSettings()
    journal: JournalSettings = JournalSettings()
    keys: KeySettings = KeySettings()
    clock: ClockSettings = ClockSettings()
    thermal: ThermalSettings = ThermalSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
    web: WebSettings = WebSettings()
    signals: SignalSettings = SignalSettings()
    enrolment: EnrolmentSettings = EnrolmentSettings()
    commands: CommandSettings = CommandSettings()
    rules: RuleSettings = RuleSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    language: Language = "en"
    """What a screen at the door says, where a person's entry names no other: `en`, `ja`, `de`,
    `fr`, `es`, `tr`, `pt`, `zh-Hans`. Terminals stay English."""
    time_zone: TimeZone = ""
    """Whose wall clock the hours and dates of `staff` are read on, unless an entry's `hours` name
    another, and in which the journal is shown: an IANA name such as Europe/London."""
    staff_file: str = ""
    """A second YAML with a `staff:` list, relative to this one; empty: none."""
    staff: tuple[StaffEntry, ...] = Field(default=(), strict=False)

    _door_fits_a_topic = field_validator("door")(fits_a_topic)

    @model_validator(mode="after")
    def _cards_are_unique(self) -> Self:
        seen: set[str] = set()
        for entry in self.staff:
            for card in filter(None, (entry.card, entry.duress_card)):
                if card in seen:
                    raise ValueError(f"card {card!r} appears twice in staff")
                seen.add(card)
        return self

    @model_validator(mode="after")
    def _one_port_one_use(self) -> Self:
        panel, reader = self.osdp_reader, self.claims.osdp
        if panel.enabled and "osdp" in self.claims.sources and panel.port == reader.port:
            raise ValueError(
                "osdp_reader.port and claims.osdp.port are the same; the panel and the reader "
                "need a bus of their own each"
            )
        return self

    @model_validator(mode="after")
    def _passback_needs_cards(self) -> Self:
        without = {"fixed", "walk_up"} & set(self.claims.sources)
        if self.rules.anti_passback != "off" and without:
            raise ValueError(f"rules.anti_passback needs card readers alone, not {min(without)!r}")
        if self.rules.anti_passback == "off" and self.claims.exit_sources:
            raise ValueError(
                "claims.exit_sources is read for rules.anti_passback, which is off: set it to "
                "soft or hard, or take the reader out"
            )
        return self


__all__ = [
    "DEFAULT_BUNDLE",
    "AuditSettings",
    "CameraSettings",
    "ChallengeSettings",
    "ClaimSettings",
    "ClockSettings",
    "CommandSettings",
    "DecisionSettings",
    "EnrolmentSettings",
    "EventSettings",
    "EvidenceSettings",
    "HomeAssistantSettings",
    "HoursSettings",
    "JournalSettings",
    "KeySettings",
    "LivenessMode",
    "LockoutSettings",
    "LogSettings",
    "MetricsSettings",
    "ModelSettings",
    "MqttSettings",
    "OsdpReaderSettings",
    "PadSettings",
    "PanelCardSettings",
    "QualitySettings",
    "RuleSettings",
    "Section",
    "Settings",
    "SignalSettings",
    "StaffEntry",
    "ThermalSettings",
    "TlsSettings",
    "VisionSettings",
    "fits_a_topic",
]
