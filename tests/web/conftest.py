"""A page on a stage, with a log-in of each role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from edgeverify.web import logins
from edgeverify.web.roles import Role
from tests.web.office import told
from tests.web.stage import PASSWORD, Browser, Stage, stage


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the algorithm and take its smallest cost: what is tested here is not its slowness."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(logins, "PasswordHasher", lambda: quick)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as made:
        for role in Role:
            made.logins.put(role.value, role, PASSWORD)
        yield made


@pytest.fixture
def manager(page: Stage) -> Browser:
    page.answers["try-person"] = {"problems": [], "warnings": [], "look_alikes": []}
    page.answers["reload"] = {"ticket": 3}
    page.answers["reload-outcome"] = told()
    return page.logged_in(Role.MANAGER)
