"""Props for the long tests: drawn once a session."""

from __future__ import annotations

import os

import pytest

from edgeverify.errors import BundleError
from tests.soak.props import Props, make_props

__all__ = ["props"]


@pytest.fixture(scope="session")
def props(tmp_path_factory: pytest.TempPathFactory) -> Props:
    """Model, photos and films; a test skips where no package index is within reach."""
    try:
        return make_props(tmp_path_factory.mktemp("props"))
    except BundleError as error:
        if os.environ.get("CI"):
            pytest.fail(f"{error}, and CI must have it")
        pytest.skip(f"no package index within reach: {error}")
