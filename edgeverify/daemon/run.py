"""From a config file to a daemon in the foreground, and its exit code."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeverify import __version__, logs
from edgeverify.claims import SOURCES, SourceKind
from edgeverify.config import load_config
from edgeverify.daemon.allocator import share_one_heap
from edgeverify.daemon.service import assemble
from edgeverify.daemon.state_watch import StateWatch
from edgeverify.daemon.supervisor import Supervisor
from edgeverify.door_state import find_state, named_state
from edgeverify.settings import Settings
from edgeverify.state import open_state
from edgeverify.state_lock import take_lock
from edgeverify.systemd import ServiceManager, journal_is_on


def run_daemon(
    path: Path,
    state_option: Path | None,
    environ: Mapping[str, str],
    *,
    sources: Sequence[SourceKind] = SOURCES,
    settings: type[Settings] = Settings,
) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reloads.

    `sources` are the claim sources that the config may name, `settings` the sections that it may
    have: another program runs this daemon with a reader of its own.

    Raises EdgeverifyError for whatever must not start: the config, keys, model or state.
    """
    share_one_heap(environ)
    # A descriptor of our own: 2 is pointed at nowhere while LiteRT makes a network, and what any
    # other thread says in that second must not be lost.
    said = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, encoding="utf-8")
    faulthandler.enable(file=said)
    config = load_config(path, settings)
    handler = logs.start(
        config.settings.log,
        # A copy: native libraries are silenced by moving descriptor 2 away for a moment.
        os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, encoding="utf-8"),
        into_journal=journal_is_on(sys.stderr.fileno(), environ),
        clock=time.monotonic,
    )
    manager = ServiceManager.from_environment(environ, os.getpid())
    door = config.settings.door
    # The door itself begins where it is told to; every other command finds the one that runs.
    folder = named_state(door, state_option, environ)
    if folder is None:
        typed = f"edgeverify run --config {path}"
        found = find_state(path, door, None, environ, command=typed, may_begin=True)
        folder = found.place.folder
    state = open_state(folder, door)
    with take_lock(state) as lock:
        manager.status(f"{door}: starting, edgeverify {__version__}")
        parts = assemble(config, state, environ, manager, sources)
        files = StateWatch(state, lock, parts.upkeep.keys, parts.faults)
        supervisor = Supervisor(parts, manager, handler, files)
        signal.signal(signal.SIGTERM, lambda *_: supervisor.stop())
        signal.signal(signal.SIGINT, lambda *_: supervisor.stop())
        signal.signal(signal.SIGHUP, lambda *_: supervisor.reload())
        supervisor.run()
