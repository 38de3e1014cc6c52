"""What a test needs and this machine lacks: a stated skip at home, a failure in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

WITHOUT_MATERIAL = "EDGEVERIFY_WITHOUT_MATERIAL"
"""Set by the public workflow alone, which cannot have the photos and models: they skip there."""


def absent(what: str, *, is_material: bool = False) -> NoReturn:
    """End the test: something it needs is not here, and CI must have it."""
    if os.environ.get("CI") and not (is_material and os.environ.get(WITHOUT_MATERIAL)):
        pytest.fail(f"{what}, and CI must have it")
    pytest.skip(what)
