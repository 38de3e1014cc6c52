"""From a config file to the page in the foreground."""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import ssl
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import uvicorn

from edgeverify import logs
from edgeverify.atomic_file import read_plain
from edgeverify.config import LoadedConfig, load_config
from edgeverify.config.wall_clock import WallClock
from edgeverify.door_state import find_state
from edgeverify.errors import EXHAUSTED_ADVICE, ConfigError, EdgeverifyError, StateError
from edgeverify.page_socket import VARIABLE, PageSocket, page_socket
from edgeverify.systemd import journal_is_on
from edgeverify.web.application import application
from edgeverify.web.door import DoorLink
from edgeverify.web.folder import open_folder, page_folder
from edgeverify.web.listener import listen
from edgeverify.web.logins import Logins
from edgeverify.web.parts import Parts
from edgeverify.web.sessions import Sessions
from edgeverify.web.slow_clients import PromptProtocol

LOG = logging.getLogger(__name__)

FEWEST_FILES = 12
"""It holds eight by itself, and a request takes up to three."""


def run_page(
    path: Path,
    door_state: Path | None,
    folder: Path | None,
    environ: Mapping[str, str],
) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises EdgeverifyError for a config that does not switch the page on, files that cannot be
    read, too few that may be open at once, and an address that is taken.
    """
    config = load_config(path)
    settings = config.settings.web
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed != resource.RLIM_INFINITY and allowed < FEWEST_FILES:
        raise StateError(
            f"{allowed} files may be open at once, and the page needs {FEWEST_FILES} at the least",
            advice=EXHAUSTED_ADVICE,
        )
    if not settings.enabled:
        raise ConfigError(
            f"{path}: web.enabled is false: the daemon does not listen for the page",
            advice="Write `web: {enabled: true}` into the config, and restart the daemon.",
        )
    logs.start(
        config.settings.log,
        os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, encoding="utf-8"),
        into_journal=journal_is_on(sys.stderr.fileno(), environ),
        clock=time.monotonic,
    )
    place = meeting_place(config, door_state, environ)
    parts = make_parts(config, place, folder, environ)
    app = application(
        parts, settings, max_upload_mebibytes=config.settings.enrolment.max_photo_mebibytes
    )
    try:
        listener = listen(settings)
        served = uvicorn.Config(
            app,
            http=PromptProtocol,
            ws="none",
            loop="asyncio",  # another would take the connections past the listener
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=3,
            ssl_certfile=_file(config, settings.certificate_file),
            ssl_keyfile=_file(config, settings.key_file),
        )
        _load(served)
    except EdgeverifyError as error:
        # The door's status names it for as long as it lasts.
        with contextlib.suppress(StateError):
            place.ask("page-alive", problem=error.problem)
        raise
    scheme = "https" if parts.is_tls else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    LOG.info("the page of %s: %s://%s:%d/", parts.door_name, scheme, host, settings.port)
    with listener:
        uvicorn.Server(served).run(sockets=[listener])


def meeting_place(
    config: LoadedConfig, state: Path | None, environ: Mapping[str, str]
) -> PageSocket:
    """Return the socket on which this config's daemon listens for the page."""
    door = config.settings.door
    if environ.get(VARIABLE):
        return page_socket(door, Path(), environ)
    others = {name: value for name, value in environ.items() if name != "STATE_DIRECTORY"}
    found = find_state(config.path, door, state, others, command="edgeverify web run")
    return page_socket(door, found.place.folder, environ)


def make_parts(
    config: LoadedConfig, place: PageSocket, folder: Path | None, environ: Mapping[str, str]
) -> Parts:
    """Open the page's own folder, and make what the pages need."""
    settings = config.settings
    own = open_folder(page_folder(config.path, settings.door, folder, environ))
    return Parts(
        load=lambda: load_config(config.path),
        door_name=settings.door,
        is_tls=bool(settings.web.certificate_file),
        clock=WallClock.of(settings.time_zone, environ),
        language=settings.language,
        link=DoorLink(place),
        logins=Logins(own),
        sessions=Sessions(
            own,
            wall=time.time,
            idle=settings.web.idle_minutes * 60.0,
            longest=settings.web.session_hours * 3600.0,
        ),
    )


def _file(config: LoadedConfig, name: str) -> str | None:
    return str(config.folder / name) if name else None


def _load(served: uvicorn.Config) -> None:
    try:
        for name in (served.ssl_certfile, served.ssl_keyfile):
            if name:
                read_plain(Path(name))
        served.load()
    except (OSError, ssl.SSLError) as error:
        said = error.strerror or str(error)
        raise ConfigError(
            f"the page's certificate or key cannot be used: {said}",
            advice="`web.certificate_file` and `web.key_file` are PEM files that belong together "
            "and that the page's user may read.",
        ) from None
