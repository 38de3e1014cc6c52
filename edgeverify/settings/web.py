"""`web:`: the local page, a process of its own (docs/web.md)."""

from __future__ import annotations

from ipaddress import ip_address

from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.settings.section import Section


class WebSettings(Section):
    """The local page: state, journal, people, aim and the screen (docs/web.md); off by default."""

    enabled: bool = False
    """Let the page's own process (`edgeverify web run`) ask the daemon. Read at start."""
    host: str = Field(default="127.0.0.1", min_length=1)
    """Address to listen on. Any other than this machine's own needs certificate_file."""
    port: int = Field(default=8480, ge=1, le=65535)
    """TCP port."""
    names: tuple[str, ...] = Field(default=(), max_length=20, strict=False)
    """Further names by which browsers reach the page, such as door.example; others are refused."""
    certificate_file: str = ""
    """PEM certificate, with its chain; empty: no TLS, on this machine alone."""
    key_file: str = ""
    """PEM private key of the certificate, readable by the page's user."""
    idle_minutes: int = Field(default=30, ge=1, le=1440)
    """A log-in ends when it was not used for this long."""
    session_hours: int = Field(default=12, ge=1, le=168)
    """A log-in ends after this in any case; that of a screen lasts a year."""

    @property
    def is_own_machine(self) -> bool:
        """Whether nobody but this machine can reach the page."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @model_validator(mode="after")
    def _others_need_tls(self) -> Self:
        if bool(self.certificate_file) != bool(self.key_file):
            raise ValueError("certificate_file and key_file belong together")
        if not self.is_own_machine and not self.certificate_file:
            raise ValueError(
                f"host {self.host} can be reached from other machines, so that passwords would "
                "cross the network in the clear: give certificate_file and key_file"
            )
        return self
