"""What Home Assistant is told of a door: one retained message, and it shows the door by itself.

The format is Home Assistant's MQTT discovery by device (its documentation, "MQTT", section "MQTT
discovery", since 2024.11). Every entity reads the door's own topics; nothing is published twice.
A decision is an `event` entity, which has no state: nothing stays that could be read as a grant.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from edgeverify.events import LockState, Topics

DEFAULT_PREFIX = "homeassistant"
_DECISION = (
    "{% set signed = value_json.data_base64 | base64_decode | from_json %}"
    "{{ {'event_type': 'denied' if signed.outcome != 'grant'"
    " else 'verified' if 'opened_by' in signed else 'granted',"
    " 'reason': signed.reason} | to_json }}"
)
"""Neither card nor score: the hub's history is not a journal of people.

Where somebody else opens (an access-control panel), a grant says that a face was verified, and
nothing about the door.
"""
_REASONS = (
    "{{ {'reasons': value_json.reasons | default([]) | map(attribute='name') | list} | to_json }}"
)
_OPEN = "{% if value_json.door_open is boolean %}{{ 'ON' if value_json.door_open else 'OFF' }}{% else %}None{% endif %}"  # noqa: E501 - one expression
_CELSIUS = "{{ (value_json.heat | default({})).celsius | default(none, true) }}"


@dataclass(frozen=True, slots=True)
class Hub:
    """A Home Assistant at the same broker, as one door sees it."""

    door: str
    version: str
    prefix: str = DEFAULT_PREFIX

    @property
    def birth_topic(self) -> str:
        """Where the hub says `online` when it has come up."""
        return f"{self.prefix}/status"

    @property
    def topic(self) -> str:
        """Where the hub looks for this door."""
        return f"{self.prefix}/device/{self._id}/config"

    @property
    def _id(self) -> str:
        return f"edgeverify-{self.door}"

    def message(self) -> bytes:
        """Return the message, to be retained at `topic`; an empty one there takes the door away."""
        record = {
            "device": {
                "identifiers": [self._id],
                "name": self.door,
                "manufacturer": "edgeverify",
                "model": "Door-access face verification",
                "sw_version": self.version,
            },
            "origin": {"name": "edgeverify", "sw_version": self.version},
            "components": {
                name: {**parts, "unique_id": f"{self._id}-{name}"}
                for name, parts in self._components(Topics(self.door)).items()
            },
            "qos": 1,
        }
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()

    def _components(self, topics: Topics) -> dict[str, dict[str, object]]:
        present: dict[str, object] = {
            "availability_topic": topics.status,
            "availability_template": (
                "{{ 'offline' if value_json.state == 'offline' else 'online' }}"
            ),
        }
        return {
            "decision": {
                **present,
                "platform": "event",
                "name": "Decision",
                "icon": "mdi:door",
                "state_topic": topics.event,
                "event_types": ["granted", "denied", "verified"],
                "value_template": _DECISION,
            },
            "connected": {
                "platform": "binary_sensor",
                "name": "Connected",
                "device_class": "connectivity",
                "entity_category": "diagnostic",
                "state_topic": topics.status,
                "value_template": "{{ 'OFF' if value_json.state == 'offline' else 'ON' }}",
            },
            "problem": {
                **present,
                "platform": "binary_sensor",
                "name": "Problem",
                "device_class": "problem",
                "entity_category": "diagnostic",
                "state_topic": topics.status,
                "value_template": "{{ 'ON' if value_json.state == 'degraded' else 'OFF' }}",
                "json_attributes_topic": topics.status,
                "json_attributes_template": _REASONS,
            },
            "temperature": {
                **present,
                "platform": "sensor",
                "name": "Temperature",
                "device_class": "temperature",
                "unit_of_measurement": "°C",
                "state_class": "measurement",
                "entity_category": "diagnostic",
                "suggested_display_precision": 0,
                "state_topic": topics.status,
                "value_template": _CELSIUS,
            },
            "lock": {
                "platform": "sensor",
                "name": "Lock",
                "icon": "mdi:lock",
                "device_class": "enum",
                "options": [state.value for state in LockState],
                "state_topic": topics.lock,
                "value_template": "{{ value_json.state }}",
            },
            "open": {
                "platform": "binary_sensor",
                "name": "Open",
                "device_class": "door",
                "state_topic": topics.lock,
                "value_template": _OPEN,
            },
        }
