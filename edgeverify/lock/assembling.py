"""The composition root: from a config to a program that can run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from datetime import datetime

from edgeverify.clock import SystemClock
from edgeverify.errors import ConfigError
from edgeverify.lock.config import LockConfig
from edgeverify.lock.faults import CONTACT, EXIT
from edgeverify.lock.happenings import Happenings
from edgeverify.lock.inputs import InputWatch
from edgeverify.lock.link import LockLink
from edgeverify.lock.passage import Passage, Rules
from edgeverify.lock.program import LockParts
from edgeverify.lock.relay.keeper import Keeper
from edgeverify.lock.settings import GpioInput
from edgeverify.lock.trust import LockClock, Trust
from edgeverify.mqtt import load_credentials
from edgeverify.systemd import ServiceManager


def assemble(
    config: LockConfig,
    environ: Mapping[str, str],
    manager: ServiceManager,
    *,
    now: datetime,
) -> LockParts:
    """Make every part. Raises EdgeverifyError for what must not start (keys, state, password)."""
    settings = config.settings
    happened = Happenings()
    credentials = load_credentials(settings.mqtt, config_folder=config.folder, environ=environ)
    return LockParts(
        door=settings.door,
        passage=Passage(
            Rules(
                pulse_seconds=settings.pulse_seconds,
                held_open_seconds=settings.held_open_seconds,
                relock_when_opened=settings.relock_when_opened,
                exit_releases=settings.exit_releases,
            )
        ),
        trust=Trust(
            settings.door,
            config.key_files,
            host=settings.mqtt.host,
            environ=environ,
            started=now,
        ),
        clock=LockClock(SystemClock().read, may_be_unsynced=settings.allow_unsynced_clock),
        keeper=Keeper(settings, config.relay_secret(), happened.put),
        link=LockLink(
            settings.mqtt,
            settings.door,
            credentials,
            arrived=happened.put,
            changed=happened.put,
        ),
        inputs=_inputs(config, happened),
        manager=manager,
        happenings=happened,
        follows_open=settings.follow_open,
    )


def _inputs(config: LockConfig, happened: Happenings) -> tuple[InputWatch, ...]:
    settings = config.settings
    given: dict[str, GpioInput | None] = {
        CONTACT: settings.door_contact,
        EXIT: settings.exit_button,
    }
    wanted = {name: each for name, each in given.items() if each is not None}
    if not wanted:
        return ()
    try:
        gpiod = importlib.import_module("gpiod")
    except ImportError:
        raise ConfigError(
            f"{next(iter(wanted))} needs the package gpiod",
            advice="Install edgeverify-lock as docs/lock.md says, or edgeverify[lock].",
        ) from None
    return tuple(InputWatch(name, each, gpiod, happened.put) for name, each in wanted.items())
