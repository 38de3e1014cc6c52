"""Whoever floods the broker keeps nobody at the exit button waiting."""

from __future__ import annotations

import queue
import threading

import pytest

from edgeverify.client import RawMessage
from edgeverify.lock.happenings import MAX_MESSAGES, Happenings
from edgeverify.lock.inputs import InputRead
from tests.waiting import until

PRESSED = InputRead("exit_button", is_active=True)


def _message(number: int) -> RawMessage:
    return RawMessage("edgeverify/front-door/event", b"%d" % number, is_retained=False)


def test_a_button_comes_before_all_messages_and_those_keep_their_order() -> None:
    happened = Happenings()
    for number in range(3):
        happened.put(_message(number))
    happened.put(PRESSED)
    assert happened.get(0) == PRESSED
    assert [happened.get(0) for _ in range(3)] == [_message(number) for number in range(3)]
    with pytest.raises(queue.Empty):
        happened.get(0)


def test_messages_that_nobody_takes_are_left_out_and_the_button_is_not(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("edgeverify.lock.happenings.WAIT_SECONDS", 0.0)
    happened = Happenings()
    for number in range(MAX_MESSAGES + 5):
        happened.put(_message(number))
    happened.put(PRESSED)
    assert happened.get(0) == PRESSED
    kept = [happened.get(0) for _ in range(MAX_MESSAGES)]
    assert kept == [_message(number) for number in range(MAX_MESSAGES)]
    assert caplog.text.count("too many came at once") == 5


def test_whoever_brings_one_more_waits_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeverify.lock.happenings.WAIT_SECONDS", 600.0)
    happened = Happenings()

    def bring() -> None:
        for number in range(3 * MAX_MESSAGES):
            happened.put(_message(number))

    bringing = threading.Thread(target=bring)
    bringing.start()
    taken = [happened.get(60) for _ in range(3 * MAX_MESSAGES)]
    bringing.join()
    assert taken == [_message(number) for number in range(3 * MAX_MESSAGES)]


def test_who_waits_hears_at_once() -> None:
    happened, heard = Happenings(), []
    waiting = threading.Thread(target=lambda: heard.append(happened.get(600)))
    waiting.start()
    happened.put(PRESSED)
    until(lambda: heard == [PRESSED], "the button")
    waiting.join()
