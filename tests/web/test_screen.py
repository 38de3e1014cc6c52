"""The screen's page: what the door says, and the light and the bell of a panel."""

from __future__ import annotations

from edgeverify.web.roles import Role
from tests.web.stage import Stage


def test_the_panels_light_and_bell_stand_on_the_screen(page: Stage) -> None:
    text = page.logged_in(Role.SCREEN).get("/screen").text
    assert 'data-light="amber" data-sound="true"' in text
    assert "Please turn your head to your left" in text
