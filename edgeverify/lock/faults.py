"""The lock's faults in words: for whoever may read its topic, and for whoever reads the log."""

from __future__ import annotations

CONTACT, EXIT = "door_contact", "exit_button"
TOLD_OF = {
    "relay": "The relay cannot be moved.",
    "clock": "The clock is not set.",
    "state": "The last sequence number cannot be kept.",
    CONTACT: "The door contact cannot be read.",
    EXIT: "The exit button cannot be read.",
    "panel": "A panel opens this door; no lock program may.",
    "key": "The door signs with a key that is not known here.",
}
"""What everybody may read of a fault; with paths and devices it stands in the log here alone."""
BEHIND_A_PANEL = (
    "This door is opened by its access-control panel (`osdp_reader` in the door's config): run no "
    "lock program for it."
)
UNKNOWN_KEY = (
    "The door signs with the key %s, which is not known here: it changed more than once, or too "
    "long ago, while this program was away. Put what `edgeverify keys show --pem` prints at the "
    "door into the file of `keys`, and start this program again."
)
