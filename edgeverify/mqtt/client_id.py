"""The name by which one installation's door connects: nobody without its master key can guess it.

Whoever connects with a client id that is in use takes that session over (MQTT 5, section 3.1.4), so
any login could mute a door whose id is known. Taken over nevertheless (a copied state, a broker
that makes the login the id), the door goes on under another name.
"""

from __future__ import annotations

import hashlib
import hmac

DIGITS = 20
"""80 bits."""


class ClientId:
    """One door's name at the broker; used by the link's thread alone."""

    def __init__(self, door: str, secret: bytes) -> None:
        """`secret` is the installation's master key; it cannot be told from the name."""
        self._door = door
        self._secret = secret
        self._number = 0

    def current(self) -> str:
        """Return the name to connect with."""
        said = f"edgeverify.mqtt.client-id.v1\n{self._door}\n{self._number}".encode()
        digest = hmac.new(self._secret, said, hashlib.sha256).hexdigest()
        return f"edgeverify-{self._door}-{digest[:DIGITS]}"

    def renew(self) -> None:
        """Take another name, because somebody else uses this one."""
        self._number += 1
