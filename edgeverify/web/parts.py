"""What every page is given, and who asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from edgeverify import __version__
from edgeverify.config import LoadedConfig
from edgeverify.config.wall_clock import WallClock
from edgeverify.domain import Language
from edgeverify.web.door import DoorLink
from edgeverify.web.logins import Attempts, Logins
from edgeverify.web.roles import Role
from edgeverify.web.sessions import Session, Sessions
from edgeverify.web.staff.pending import Pending
from edgeverify.web.staff.shots import Shots
from edgeverify.web.words import FILTERS, moment

TEMPLATES = Path(__file__).with_name("templates")


def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(FILTERS)
    return made


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Parts:
    """Made once at start. `load` reads the config again; `monotonic` is in seconds.

    `language` is the door's, for a screen at which nobody is known; `clock` is the one on which
    times are shown, and on which days begin.
    """

    load: Callable[[], LoadedConfig]
    door_name: str
    is_tls: bool
    clock: WallClock
    language: Language = "en"
    link: DoorLink
    logins: Logins
    sessions: Sessions
    attempts: Attempts = field(default_factory=Attempts)
    pending: Pending = field(default_factory=Pending)
    shots: Shots = field(default_factory=Shots)
    monotonic: Callable[[], float] = time.monotonic
    templates: Environment = field(default_factory=_templates)

    def __post_init__(self) -> None:
        self.templates.filters["moment"] = partial(moment, clock=self.clock)
        # Now, while files can be opened: what is wrong can be shown when none can be any longer.
        for name in self.templates.list_templates():
            self.templates.get_template(name)

    @property
    def cookie(self) -> str:
        """The session's cookie; with TLS its name binds it to this host (RFC 6265bis, 4.1.3.2)."""
        return "__Host-edgeverify" if self.is_tls else "edgeverify"

    def render(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
    ) -> HTMLResponse:
        """Return a page, with what stands on every one."""
        session: Session | None = request.scope.get("edgeverify.session")
        shown: dict[str, Any] = {
            "door": self.door_name,
            "version": __version__,
            "zone": self.clock.name,
            "session": session,
            "is_manager": session is not None and session.role is Role.MANAGER,
            "form_token": session.form_token if session else "",
            "path": request.url.path,
        }
        text = self.templates.get_template(template).render(shown | dict(values or {}))
        return HTMLResponse(text, status_code=status)
