"""Who the door is to the broker: user, password, certificates."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgeverify.atomic_file import read_plain
from edgeverify.errors import ConfigError, KeyUnusableError
from edgeverify.private_files import credential_path, read_credential, read_private
from edgeverify.settings import MqttSettings, TlsSettings

MAX_PASSWORD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Credentials:
    """Made once at start; the password is never printed."""

    username: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None


def load_credentials(
    settings: MqttSettings, *, config_folder: Path, environ: Mapping[str, str]
) -> Credentials:
    """Read the password (file 0600, or a systemd credential by name) and the certificates.

    Paths are relative to `config_folder`. Raises ConfigError and KeyUnusableError.
    """
    password = ""
    if settings.password_file:
        password = _password(settings.password_file, config_folder, environ)
    tls = _tls(settings.tls, config_folder) if settings.tls.enabled else None
    return Credentials(settings.username, password, tls)


def _password(name: str, config_folder: Path, environ: Mapping[str, str]) -> str:
    what, limit = "the broker's password", MAX_PASSWORD_BYTES
    path = config_folder / name
    credential = credential_path(name, config_folder, environ, is_named=True)
    if credential is not None and (environ.get("CREDENTIALS_DIRECTORY") or not path.exists()):
        path = credential
        raw = read_credential(credential, what=what, limit=limit, environ=environ)
    else:
        raw = _read_file(path, what, limit)
    try:
        return raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise KeyUnusableError(f"the broker's password is not UTF-8: {path}") from None


def _read_file(path: Path, what: str, limit: int) -> bytes:
    """Read the password's file; an absent one is not named, as its name may be the password."""
    try:
        return read_private(path, what=what, limit=limit)
    except KeyUnusableError:
        if not _is_absent(path):
            raise
    raise KeyUnusableError(
        f"{what} is absent: mqtt.password_file names no file that is there",
        advice="It takes the name of a file (mode 0600) that holds the password, from the "
        "config's folder on, or of a systemd credential; never the password itself.",
    )


def _is_absent(path: Path) -> bool:
    """Whether it is certain that nothing is called so."""
    try:
        path.lstat()
    except PermissionError:
        return False
    except OSError:
        return True
    return False


def _tls(settings: TlsSettings, config_folder: Path) -> ssl.SSLContext:
    try:
        if settings.ca_file:
            read_plain(config_folder / settings.ca_file)
        context = ssl.create_default_context(
            cafile=str(config_folder / settings.ca_file) if settings.ca_file else None
        )
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"mqtt.tls.ca_file cannot be used: {config_folder / settings.ca_file}: {_said(error)}"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # From 3.13 on Python refuses what the usual recipe for a broker's own authority makes (no key
    # identifiers); a door must not lose its broker by an upgrade of the system.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if settings.certificate_file:
        certificate, key = (
            config_folder / settings.certificate_file,
            config_folder / settings.key_file,
        )
        try:
            for path in (certificate, key):
                read_plain(path)
            # A function, so that an encrypted key is an error and never a question on a terminal.
            context.load_cert_chain(certificate, key, password=lambda: b"")
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"mqtt.tls.certificate_file and key_file cannot be used: {certificate}, {key}: "
                f"{_said(error)}",
                advice="Both are PEM: certificate_file is the certificate, key_file its own key, "
                "without a passphrase.",
            ) from None
    return context


def _said(error: OSError) -> str:
    """Return what the system or OpenSSL says, without numbers of theirs."""
    if isinstance(error, ssl.SSLError):
        return f"OpenSSL says {(error.reason or str(error)).replace('_', ' ').lower()}"
    return error.strerror or str(error)
