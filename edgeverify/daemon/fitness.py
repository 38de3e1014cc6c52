"""Whether a door could start with a config: one list, for `run`, a reload and `check-config`.

What only a running door can tell (whether camera and broker answer) is not in it: those are waited
for. The networks are opened by whoever starts; `points` chooses what they are held to.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.bundle.operating_points import OperatingPoints
from edgeverify.camera.source import parse_source
from edgeverify.claims import SourceKind, chosen
from edgeverify.claims.pcsc import load_card_key
from edgeverify.claims.reading import ReaderGoneError
from edgeverify.client import load_verify_keys
from edgeverify.config import LoadedConfig
from edgeverify.config.problems import ConfigProblemsError, KeyPath, Problem
from edgeverify.domain import OperatingPoint
from edgeverify.errors import ConfigError, EdgeverifyError, KeyUnusableError, is_of_exhaustion
from edgeverify.keys import load_master_key
from edgeverify.models.build import require_bundle
from edgeverify.models.folders import models_directory
from edgeverify.mqtt import load_credentials
from edgeverify.osdp_key import load_osdp_key
from edgeverify.panel import card_bits
from edgeverify.schedule import is_for
from edgeverify.settings import ModelSettings, Settings
from edgeverify.settings.readers import NumberSettings
from edgeverify.verifier.verifier import Verifier, load_owner_key

PAGE_USER = "edgeverify-web"


def problems_of(
    config: LoadedConfig, environ: Mapping[str, str], kinds: Iterable[SourceKind]
) -> tuple[Problem, ...]:
    """Return every mistake of a config that needs no network to be seen, with file, line, key."""
    settings, folder = config.settings, config.folder
    checks: tuple[tuple[KeyPath, Callable[[], object]], ...] = (
        (("camera", "source"), lambda: parse_source(settings.camera.source, folder)),
        (("claims", "sources"), lambda: chosen(kinds, settings.claims)),
        *_bundle_checks(settings, folder, models_directory(environ)),
        (("model", "owner_key_file"), lambda: load_owner_key(settings, folder)),
        (
            ("mqtt", "tls" if settings.mqtt.tls.enabled else "password_file"),
            lambda: load_credentials(settings.mqtt, config_folder=folder, environ=environ),
        ),
        (("signals",), lambda: _require_free_lines(settings)),
        (("commands", "operator_keys"), lambda: operator_keys(settings, folder)),
        (("keys", "master_key_file"), lambda: _master_key(config, environ)),
        (("osdp_reader", "key_file"), lambda: _panel_key(config)),
        (("osdp_reader", "card"), lambda: _cards_fit_panel(settings)),
    )
    found = (_problem(config, key, check) for key, check in checks)
    return tuple(problem for problem in found if problem is not None)


def _bundle_checks(
    settings: Settings, folder: Path, models: Path
) -> Iterator[tuple[KeyPath, Callable[[], object]]]:
    """Yield a check for each bundle that must be there.

    Where the network for liveness is the one that every config names, its absence is a choice; one
    that somebody chose must not be missed without a word, since an easier proof would do instead.
    """
    model = settings.model
    yield ("model", "bundle"), lambda: require_bundle(model.bundle, models, folder=folder)
    is_chosen = model.pad_bundle != ModelSettings().pad_bundle
    if is_chosen and settings.liveness not in {"off", "challenge"}:
        yield (
            ("model", "pad_bundle"),
            lambda: require_bundle(model.pad_bundle, models, folder=folder, for_liveness=True),
        )


def operator_keys(settings: Settings, folder: Path) -> dict[str, Ed25519PublicKey]:
    """Return whose commands are obeyed, by key id. Raises KeyUnusableError."""
    return load_verify_keys([folder / name for name in settings.commands.operator_keys])


def require_fit(
    config: LoadedConfig, environ: Mapping[str, str], kinds: Iterable[SourceKind]
) -> None:
    """Raise ConfigProblemsError where `problems_of` finds any."""
    problems = problems_of(config, environ, kinds)
    if problems:
        raise ConfigProblemsError(problems)


def points(
    settings: Settings,
    sources: Sequence[SourceKind],
    verifier: Verifier,
    *,
    of: OperatingPoints | None = None,
) -> tuple[OperatingPoint, OperatingPoint | None]:
    """Return the threshold for a claim that names a card, and for one that names nobody.

    The latter is None where no source makes such claims; `of` are other measurements than the
    bundle's. Raises ConfigError where no evidence carries the stated rate.
    """
    point = verifier.point(settings, of=of)
    if not any(kind.source.names_nobody for kind in sources):
        return point, None
    here = [entry for entry in settings.staff if is_for(entry, settings.door)]
    return point, verifier.point(settings, references=max(1, len(here)), of=of)


def open_to_others(config: LoadedConfig) -> Iterator[str]:
    """Yield a sentence for each file that somebody else can change, and so decide who comes in.

    Looked at are the config, its staff file, the photos, and the folders that they lie in.
    """
    trusted = {0, os.geteuid(), *_page_users(config)}
    names = {name for entry in config.settings.staff for name in entry.photos}
    # What lies outside is never read as a photo, and nobody should change its mode for us.
    photos = {config.folder / name for name in names if not _leads_out(name)}
    operators = [config.folder / name for name in config.settings.commands.operator_keys]
    files = (*config.files, *operators, *sorted(photos))
    for path in dict.fromkeys((*files, *(file.absolute().parent for file in files))):
        with suppress(OSError):
            yield from _doubts(path, path.stat(), trusted)


def unheard_duress(config: LoadedConfig) -> Iterator[str]:
    """Yield a sentence where somebody relies on a duress number that nobody can present here."""
    settings = config.settings
    cards = [entry.card for entry in settings.staff if entry.duress_card]
    if cards and set(settings.claims.sources) <= {"walk_up", "fixed"}:
        yield (
            f"a duress_card is presented to a card reader, and this door has none: card {cards[0]}"
            f"{f' and {len(cards) - 1} more' if cards[1:] else ''} cannot call for help here. Add "
            "a card reader to claims.sources, or tell them."
        )


def unread_numbers(config: LoadedConfig) -> Iterator[str]:
    """Yield a sentence for each reader whose `number` says something that nothing reads."""
    claims = config.settings.claims
    started = {*claims.sources, *claims.exit_sources}
    lines = {"serial"} if claims.serial.protocol == "line" else set()
    for name, reader in (("keyboard", claims.keyboard), ("serial", claims.serial)):
        is_asked = name in started & {"keyboard", *lines}
        if is_asked and reader.typed == "text" and reader.number != NumberSettings():
            yield (
                f"claims.{name}.number changes nothing while claims.{name}.typed is text: set "
                "typed to decimal or hex, as the reader types its numbers, or take number out"
            )


def unused_settings(config: LoadedConfig) -> Iterator[str]:
    """Yield a sentence for each setting that promises what this config does not do."""
    mqtt, claims = config.settings.mqtt, config.settings.claims
    tls = mqtt.tls
    if not tls.enabled and (tls.ca_file or tls.certificate_file):
        yield (
            "mqtt.tls names certificates and mqtt.tls.enabled is false: the connection is not "
            "encrypted, and a password crosses the network in the clear. Set mqtt.tls.enabled to "
            "true, or take them out"
        )
    if mqtt.password_file and not mqtt.username:
        yield "mqtt.password_file is not sent without a mqtt.username: name one, or take it out"
    cards = {entry.card for entry in config.settings.staff}
    if "fixed" in claims.sources and claims.fixed_card not in cards:
        yield (
            f"claims.fixed_card {claims.fixed_card} stands in no entry of staff: nobody is let in "
            "by the source fixed. Write the card of somebody in staff"
        )


def unusable_keys(config: LoadedConfig) -> Iterator[str]:
    """Yield a sentence for each key without which a reader stays away; the door starts without."""
    claims, folder = config.settings.claims, config.folder
    started = {*claims.sources, *claims.exit_sources}
    checks: tuple[tuple[str, bool, Callable[[], object]], ...] = (
        ("osdp", True, lambda: load_osdp_key(folder / claims.osdp.key_file)),
        (
            "pcsc",
            bool(claims.pcsc.application),
            lambda: _card_key(folder / claims.pcsc.key_file),
        ),
    )
    for name, is_needed, check in checks:
        if name in started and is_needed and (problem := _problem(config, _key_of(name), check)):
            yield f"{problem}. Until then the reader {name} reads nothing"


def _card_key(path: Path) -> None:
    try:
        load_card_key(path)
    except ReaderGoneError as error:
        raise KeyUnusableError(str(error).rstrip(".")) from None


def _key_of(reader: str) -> KeyPath:
    return ("claims", reader, "key_file")


def _leads_out(name: str) -> bool:
    return Path(name).is_absolute() or ".." in Path(name).parts


def _page_users(config: LoadedConfig) -> Iterator[int]:
    """Yield the local page's user, where the config lets the page write who may come in."""
    if config.settings.web.enabled:
        with suppress(KeyError):
            yield pwd.getpwnam(PAGE_USER).pw_uid


def _doubts(path: Path, found: os.stat_result, trusted: Collection[int]) -> Iterator[str]:
    mode, mine = found.st_mode, os.geteuid()
    is_shared_folder = stat.S_ISDIR(mode) and bool(mode & stat.S_ISVTX)
    if mode & stat.S_IWOTH and not is_shared_folder:
        yield f"{path} can be changed by everybody on this machine: run chmod o-w {path}"
    elif mode & stat.S_IWGRP and not is_shared_folder and _others_in(found.st_gid, mine):
        yield f"{path} can be changed by group {_group(found.st_gid)}: run chmod g-w {path}"
    if found.st_uid not in trusted:
        yield f"{path} belongs to user {found.st_uid}, who can change it: run chown root {path}"


def _others_in(group: int, mine: int) -> bool:
    """Return whether the group has a member beside root and this user."""
    try:
        members = grp.getgrgid(group).gr_mem
    except KeyError:
        return True
    return group not in {0, os.getegid()} or (bool(members) and mine == 0)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _master_key(config: LoadedConfig, environ: Mapping[str, str]) -> None:
    setting = config.settings.keys.master_key_file
    if setting:
        load_master_key(
            setting,
            config_folder=config.folder,
            default=config.folder,
            environ=environ,
            may_create=False,
        )


def _panel_key(config: LoadedConfig) -> None:
    wanted = config.settings.osdp_reader
    if wanted.enabled and wanted.key_file:
        load_osdp_key(config.folder / wanted.key_file)


def _cards_fit_panel(settings: Settings) -> None:
    """Raise ConfigError for the first card of this door that the panel could not be told of."""
    if not settings.osdp_reader.enabled:
        return
    for entry in settings.staff:
        if is_for(entry, settings.door):
            try:
                card_bits(entry.card, settings.osdp_reader.card)
            except ValueError as error:
                advice = "Set osdp_reader.card to how the panel knows the cards."
                raise ConfigError(str(error), advice=advice) from None


def _require_free_lines(settings: Settings) -> None:
    """Raise ConfigError where an LED or the buzzer has a line of the Wiegand reader."""
    reader, signals = settings.claims.wiegand, settings.signals
    if "wiegand" not in settings.claims.sources or reader.chip != signals.chip:
        return
    for name, each in signals.outputs.items():
        if each.line in {reader.data0_line, reader.data1_line}:
            problem = f"line {each.line} of {signals.chip} is the Wiegand reader's"
            raise ConfigError(problem, advice=f"Give {name} another line.")


def _problem(config: LoadedConfig, key: KeyPath, check: Callable[[], object]) -> Problem | None:
    try:
        check()
    except ConfigProblemsError as error:
        return error.problems[0]
    except EdgeverifyError as error:
        said = error.problem.removeprefix(".".join(str(part) for part in key)).lstrip(":. ")
        return config.problem(key, said if not error.advice else f"{said}. {error.advice}")
    except OSError as error:
        if is_of_exhaustion(error):  # else a name that is too long for a file, and the like
            raise
        return config.problem(key, f"cannot be read: {error.strerror}")
    return None
