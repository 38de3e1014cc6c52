"""What a lock's config names beside itself: keys, programs, the broker's login. Nothing is run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from edgeverify.client import load_verify_keys
from edgeverify.errors import ConfigError, EdgeverifyError
from edgeverify.lock.config import LockConfig
from edgeverify.lock.settings import CommandRelay
from edgeverify.mqtt import load_credentials


def check_fitness(config: LockConfig, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the door's keys. Raises EdgeverifyError naming all that is amiss."""
    keyids: list[str] = []
    looks: tuple[Callable[[], object], ...] = (
        lambda: keyids.extend(load_verify_keys(config.key_files)),
        config.relay_secret,
        lambda: _programs(config),
        lambda: load_credentials(
            config.settings.mqtt, config_folder=config.folder, environ=environ
        ),
    )
    problems = [error for look in looks if (error := _problem(look)) is not None]
    if len(problems) == 1:
        raise problems[0]
    if problems:
        told = "\n".join(f"  {each.problem}. {each.advice}".rstrip() for each in problems)
        raise ConfigError(f"the config has {len(problems)} mistakes:\n{told}")
    return tuple(keyids)


def _problem(look: Callable[[], object]) -> EdgeverifyError | None:
    try:
        look()
    except EdgeverifyError as error:
        return error
    return None


def _programs(config: LockConfig) -> None:
    relay = config.settings.relay
    if not isinstance(relay, CommandRelay):
        return
    for name, words in (("release", relay.release), ("rest", relay.rest)):
        if not Path(words[0]).is_file() or not os.access(words[0], os.X_OK):
            raise ConfigError(
                f"relay.{name}: {words[0]} is not a program that can be run here",
                advice="Name its whole path, and make the file executable.",
            )
