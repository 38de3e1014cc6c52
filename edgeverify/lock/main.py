"""`edgeverify-lock`: the command line, with the standard library alone."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from edgeverify import __version__, logs
from edgeverify.errors import EdgeverifyError, StateError, is_of_exhaustion
from edgeverify.lock.assembling import assemble
from edgeverify.lock.config import LockConfig, load_lock_config
from edgeverify.lock.fitness import check_fitness
from edgeverify.lock.program import LockProgram
from edgeverify.lock.relay.opening import open_output
from edgeverify.lock.relay.output import Output, RelayError
from edgeverify.systemd import ServiceManager, journal_is_on

DEFAULT_CONFIG = Path("/etc/edgeverify/lock.yaml")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except EdgeverifyError as error:
        sys.stderr.write(f"error: {error.problem}\n")
        if error.advice:
            sys.stderr.write(f"       {error.advice}\n")
        return 1 if is_of_exhaustion(error) else error.exit_code  # so that systemd tries again
    except OSError as error:
        # Whatever no part has a better sentence for: a full table of open files, a full disk.
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"error: {where}{error.strerror or error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edgeverify-lock",
        description="Opens one door for verified grants of edgeverify, and reports its state.",
        epilog="Example: edgeverify-lock run --config /etc/edgeverify/lock.yaml",
    )
    parser.add_argument("--version", action="version", version=f"edgeverify-lock {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, text in (
        ("run", _run, "Open the door for grants until stopped."),
        ("check-config", _check, "Read the config and name every mistake in it."),
        ("try-relay", _try, "Release the door for one pulse, without a grant, and lock it again."),
        ("rest", _rest, "Lock the door and end (what systemd runs after the program)."),
    ):
        one = commands.add_parser(name, help=text, description=text)
        one.add_argument(
            "--config",
            "-c",
            type=Path,
            default=DEFAULT_CONFIG,
            metavar="FILE",
            help=f"The lock's YAML (default: {DEFAULT_CONFIG}).",
        )
        one.set_defaults(command=command)
    return parser


def _run(options: argparse.Namespace) -> int:
    config = load_lock_config(options.config)
    handler = logs.start(
        config.settings.log,
        sys.stderr,
        into_journal=journal_is_on(sys.stderr.fileno(), os.environ),
        clock=time.monotonic,
    )
    manager = ServiceManager.from_environment(os.environ, os.getpid())
    now = datetime.now(timezone.utc)
    program = LockProgram(assemble(config, os.environ, manager, now=now), handler.tick)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: program.stop())
    program.run()
    return 0


def _check(options: argparse.Namespace) -> int:
    config = load_lock_config(options.config)
    keyids = ", ".join(check_fitness(config, os.environ))
    settings = config.settings
    coil = "energised to release" if settings.lock_type == "fail_secure" else "energised to lock"
    sys.stdout.write(
        f"ok: {options.config}\n"
        f"door {settings.door}, {settings.lock_type}: the relay ({settings.relay.kind}) is {coil}, "
        f"for {settings.pulse_seconds:g} s\nkeys: {keyids}\n"
    )
    return 0


def _try(options: argparse.Namespace) -> int:
    config = load_lock_config(options.config)
    with _relay(config) as (output, energised_releases):
        output.put(released=True, energised=energised_releases)
        sys.stdout.write(f"released for {config.settings.pulse_seconds:g} s\n")
        sys.stdout.flush()
        time.sleep(config.settings.pulse_seconds)
    sys.stdout.write("locked\n")
    return 0


def _rest(options: argparse.Namespace) -> int:
    with _relay(load_lock_config(options.config)):
        return 0


@contextmanager
def _relay(config: LockConfig) -> Iterator[tuple[Output, bool]]:
    """Open the relay, which is put to rest at the end; the flag says what energising does."""
    energised_releases = config.settings.lock_type == "fail_secure"
    try:
        output = open_output(config.settings, config.relay_secret())
        try:
            yield output, energised_releases
        finally:
            output.put(released=False, energised=not energised_releases)
            output.close()
    except RelayError as error:
        raise StateError(str(error).rstrip(".")) from None


if __name__ == "__main__":
    sys.exit(main())
