"""The lock's YAML to `LockSettings`: every mistake at once, each with its file, line and key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edgeverify.config.explaining import explain
from edgeverify.config.problems import ConfigProblemsError, KeyPath, Problem
from edgeverify.config.reading import read_yaml
from edgeverify.lock.settings import (
    CommandRelay,
    GpioRelay,
    HidRelay,
    LockSettings,
    OsdpRelay,
    SerialRelay,
)
from edgeverify.osdp_key import load_osdp_key
from edgeverify.settings import Section

KINDS: Mapping[str, type[Section]] = {
    "gpio": GpioRelay,
    "usb_hid": HidRelay,
    "usb_serial": SerialRelay,
    "osdp": OsdpRelay,
    "command": CommandRelay,
}
NEEDED: Mapping[str, str] = {
    "door": "is missing: the door's name, as in the daemon's config",
    "keys": "is missing: files with the door's public key. Make one with "
    "`edgeverify keys show --pem`",
    "lock_type": "is missing: fail_secure (locked without power, as a strike) or fail_safe (open "
    "without power, as a magnet). It must be stated, because the wiring follows from it",
    "relay": f"is missing: `relay: {{kind: ...}}` with {', '.join(KINDS)}",
}


@dataclass(frozen=True, slots=True)
class LockConfig:
    """A config that holds; relative paths in it start from `folder`."""

    settings: LockSettings
    folder: Path

    @property
    def key_files(self) -> tuple[Path, ...]:
        """The door's public keys."""
        return tuple(self.folder / name for name in self.settings.keys)

    def relay_secret(self) -> bytes:
        """Return the OSDP key (16 bytes), empty for other relays. Raises KeyUnusableError."""
        relay = self.settings.relay
        if not isinstance(relay, OsdpRelay):
            return b""
        return load_osdp_key(self.folder / relay.key_file)


def load_lock_config(path: Path) -> LockConfig:
    """Read a lock's config. Raises ConfigProblemsError."""
    file = read_yaml(path)
    problems = list(file.problems)
    values = {} if file.root is None else file.root
    if not isinstance(values, dict):
        text = "must hold keys (`door: front-door`), not a list or text"
        raise ConfigProblemsError([Problem(path, 1, (), text)])
    # A section whose keys are all commented out says nothing, so its defaults hold.
    given = {name: value for name, value in values.items() if value is not None}
    settings: LockSettings | None = None
    try:
        settings = LockSettings.model_validate(given)
    except ValidationError as failure:
        for error in failure.errors(include_url=False):
            key, text = _explained(error)
            problems.append(Problem(path, _line(key, file.lines), key, text))
    if problems or settings is None:
        raise ConfigProblemsError(problems)
    return LockConfig(settings, path.parent.absolute())


def _explained(error: ErrorDetails) -> tuple[KeyPath, str]:
    loc = tuple(error["loc"])
    if error["type"] == "missing" and len(loc) == 1 and loc[0] in NEEDED:
        return loc, NEEDED[str(loc[0])]
    if error["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return (*loc, "kind"), f"must be {', '.join(KINDS)}"
    if loc[:1] == ("relay",) and len(loc) > 1 and loc[1] in KINDS:
        inner: ErrorDetails = {**error, "loc": loc[2:]}
        return (loc[0], *loc[2:]), explain(inner, KINDS[str(loc[1])])
    return loc, explain(error, LockSettings)


def _line(key: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    for length in range(len(key), 0, -1):
        if key[:length] in lines:
            return lines[key[:length]]
    return 0
