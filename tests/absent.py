"""What a test needs and this machine lacks: a stated skip at home, a failure in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def absent(what: str) -> NoReturn:
    """End the test: something it needs is not here, and CI must have it."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI must have it")
    pytest.skip(what)
