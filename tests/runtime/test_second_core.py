"""Two halves of a piece of work, and a helper that comes late."""

from __future__ import annotations

import threading
import time

import pytest

from edgeverify.runtime.onnxruntime.second_core import SecondCore
from tests.waiting import patience


@pytest.fixture
def helper() -> SecondCore:
    return SecondCore("helper")


def test_a_helper_that_is_awake_does_its_half(helper: SecondCore) -> None:
    begun = threading.Event()

    def there() -> str:
        begun.set()
        return threading.current_thread().name

    here, beside = helper.together(lambda: begun.wait(patience(5)), there)
    assert here is True
    assert beside.startswith("helper")
    helper.close()


def test_what_a_sleeping_helper_has_not_begun_is_done_here(helper: SecondCore) -> None:
    awake = threading.Event()
    helper._pool.submit(awake.wait, patience(5))
    names = helper.together(
        lambda: threading.current_thread().name, lambda: threading.current_thread().name
    )
    assert names == (threading.current_thread().name,) * 2
    awake.set()
    helper.close()


def test_an_error_here_waits_for_what_runs_there(helper: SecondCore) -> None:
    begun, failing, ended = threading.Event(), threading.Event(), threading.Event()

    def there() -> None:
        begun.set()
        failing.wait(patience(5))
        time.sleep(0.05)  # whoever does not wait for this is done by now
        ended.set()

    def here() -> None:
        begun.wait(patience(5))
        failing.set()
        raise ValueError("here")

    with pytest.raises(ValueError, match="here"):
        helper.together(here, there)
    assert ended.is_set()
    helper.close()


def test_an_error_there_is_raised_here(helper: SecondCore) -> None:
    begun = threading.Event()

    def there() -> None:
        begun.set()
        raise ValueError("there")

    with pytest.raises(ValueError, match="there"):
        helper.together(lambda: begun.wait(patience(5)), there)
    helper.close()
