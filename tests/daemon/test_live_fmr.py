"""The live rate in the status is of the network that decides now, not of the one before it."""

from __future__ import annotations

from edgeverify.daemon.live_fmr import LIVE_RATE_EVERY_SECONDS, LiveFmr
from edgeverify.journal.impostors import LiveRate


class Journal:
    def __init__(self) -> None:
        self.grants = {"sface": 3, "strong": 1}
        self.asked: list[str] = []

    def live_rate(self, embedding_space: str) -> LiveRate:
        self.asked.append(embedding_space)
        return LiveRate(grants=self.grants[embedding_space])


def test_another_network_is_read_at_once_and_never_shows_the_rate_of_the_one_before() -> None:
    journal, live = Journal(), LiveFmr()
    assert live.of("sface") == LiveRate()
    live.look(journal, "sface", 0.0)
    assert live.of("sface").grants == 3
    assert live.of("strong") == LiveRate()
    live.look(journal, "strong", 1.0)
    assert live.of("strong").grants == 1
    assert live.of("sface") == LiveRate()


def test_one_network_is_read_now_and_then() -> None:
    journal, live = Journal(), LiveFmr()
    for now in (0.0, 1.0, LIVE_RATE_EVERY_SECONDS - 1, LIVE_RATE_EVERY_SECONDS):
        live.look(journal, "sface", now)
    assert journal.asked == ["sface", "sface"]
