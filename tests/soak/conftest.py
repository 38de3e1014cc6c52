"""Props for the long tests: drawn once a session."""

from __future__ import annotations

import pytest

from edgeverify.errors import BundleError
from tests.absent import absent
from tests.soak.props import Props, make_props

__all__ = ["props"]


@pytest.fixture(scope="session")
def props(tmp_path_factory: pytest.TempPathFactory) -> Props:
    """Model, photos and films; a test skips where no package index is within reach."""
    try:
        return make_props(tmp_path_factory.mktemp("props"))
    except BundleError as error:
        absent(f"no package index within reach: {error}")
