"""Other people's programs, as `make test-integrations` installs them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.absent import absent
from tests.brokers import Mosquitto, mosquitto

CHECKOUT = Path(__file__).resolve().parents[2]
FILES = CHECKOUT / "docs/integrations"
PACKAGES = CHECKOUT / ".cache/integrations/node_modules"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture(scope="session")
def node() -> str:
    """The program; its packages lie in PACKAGES."""
    found = shutil.which("node")
    if found is None or not (PACKAGES / "mqtt").exists():
        absent("node or its packages are missing (make test-integrations)")
    return found
