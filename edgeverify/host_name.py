"""What can be the name or the address of a machine. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address

_NAME = re.compile(r"[\w.-]+")
"""Letters of any script, because a name may be one that IDNA encodes."""


def is_host_name(text: str) -> bool:
    """Whether a machine can be called so: a name, an IPv4 or an IPv6 address without brackets."""
    if _NAME.fullmatch(text):
        return True
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
