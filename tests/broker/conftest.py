from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.broker.house import House, house


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house") / "broker", "front-door", "back-door") as broker:
        yield broker
