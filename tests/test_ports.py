"""What tests listen on is not handed to somebody else meanwhile."""

from __future__ import annotations

import socket
from itertools import chain, repeat

import pytest

from tests import ports


def test_a_port_lies_below_those_that_the_kernel_hands_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as handed_out:
        assert ports.LOWEST <= ports.free_port() < handed_out.getsockname()[1]


def test_a_pair_is_passed_over_whose_second_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = ports.free_port(4)
    drawn = chain((taken,), repeat(taken + 2))
    with socket.create_server(("127.0.0.1", taken + 1)):
        monkeypatch.setattr(ports.DRAWN, "randint", lambda *_bounds: next(drawn))
        assert ports.free_port(2) == taken + 2
