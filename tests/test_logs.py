"""What the daemon's log looks like, and how it keeps quiet about what it said already."""

from __future__ import annotations

import errno
import io
import json
import logging
from collections.abc import Iterator

import pytest

from edgeverify.logs import MAX_FOLDED, FoldingHandler, fields, start
from edgeverify.settings import LogSettings

LOG = logging.getLogger("edgeverify.camera")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("edgeverify")
    before = (root.level, ours.level, list(root.handlers))
    yield
    for handler in [h for h in root.handlers if h not in before[2]]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before[0])
    ours.setLevel(before[1])
    logging.captureWarnings(capture=False)


def begin(
    stream: io.StringIO, clock: Clock, *, in_journal: bool = False, **settings: str
) -> FoldingHandler:
    return start(LogSettings.model_validate(settings), stream, into_journal=in_journal, clock=clock)


def test_under_systemd_every_line_carries_its_priority(stream: io.StringIO, clock: Clock) -> None:
    begin(stream, clock, in_journal=True, level="debug")
    LOG.debug("looked")
    LOG.info("opened %s", "door.mp4", extra=fields(width=1280))
    LOG.warning("slow")
    LOG.error("gone")
    LOG.critical("lost")
    assert stream.getvalue().splitlines() == [
        "<7>camera: looked",
        "<6>camera: opened door.mp4 width=1280",
        "<4>camera: slow",
        "<3>camera: gone",
        "<2>camera: lost",
    ]


def test_in_a_shell_a_line_has_its_time_and_level(stream: io.StringIO, clock: Clock) -> None:
    begin(stream, clock)
    LOG.info("opened")
    when, rest = stream.getvalue().split(" ", 1)
    assert when.endswith("Z")
    assert rest == "INFO camera: opened\n"


def test_json_is_one_object_a_line_and_figures_stay_numbers(
    stream: io.StringIO, clock: Clock
) -> None:
    begin(stream, clock, format="json")
    LOG.info("opened", extra=fields(width=1280, message="a field cannot hide the sentence"))
    said = json.loads(stream.getvalue())
    assert said.pop("time").endswith("Z")
    assert said == {"level": "info", "part": "camera", "message": "opened", "width": 1280}


def test_what_comes_from_outside_cannot_begin_a_line_of_its_own(
    stream: io.StringIO, clock: Clock
) -> None:
    begin(stream, clock, in_journal=True)
    LOG.info("claim for %s", "007\n<6>door: granted\x1b[2J")
    assert stream.getvalue() == "<6>camera: claim for 007\\n<6>door: granted\\x1b[2J\n"


def test_an_hour_of_the_same_error_is_a_line_a_minute(stream: io.StringIO, clock: Clock) -> None:
    handler = begin(stream, clock, in_journal=True)
    for second in range(3600):
        clock.now = float(second)
        LOG.warning("cannot open %s: attempt %d", "/dev/video0", second)
        handler.tick()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "<4>camera: cannot open /dev/video0: attempt 0"
    assert lines[1] == "<4>camera: cannot open /dev/video0: attempt 59 (59 more in 60 s)"
    assert len(lines) == 60
    handler.close()
    told = sum(int(line.split("(")[1].split()[0]) for line in stream.getvalue().splitlines()[1:])
    assert told + 1 == 3600


def test_a_count_is_told_even_when_the_error_has_stopped(stream: io.StringIO, clock: Clock) -> None:
    handler = begin(stream, clock, in_journal=True)
    LOG.error("gone")
    LOG.error("gone")
    clock.now = 61.0
    handler.tick()
    assert stream.getvalue().splitlines()[-1] == "<3>camera: gone (1 more in 61 s)"
    clock.now = 130.0
    handler.tick()
    LOG.error("gone")
    assert stream.getvalue().splitlines()[-1] == "<3>camera: gone"


def test_different_errors_are_not_folded_and_news_never_is(
    stream: io.StringIO, clock: Clock
) -> None:
    begin(stream, clock)
    LOG.error("gone")
    LOG.error("black")
    logging.getLogger("edgeverify.mqtt").error("gone")
    LOG.info("granted")
    LOG.info("granted")
    assert len(stream.getvalue().splitlines()) == 5


def test_ever_new_errors_do_not_fill_the_memory(stream: io.StringIO, clock: Clock) -> None:
    handler = begin(stream, clock)
    for number in range(MAX_FOLDED * 2):
        LOG.error(f"new {number}")  # noqa: G004  (what a careless caller does)
    assert len(stream.getvalue().splitlines()) == MAX_FOLDED * 2
    assert len(handler._folds) == MAX_FOLDED


def test_a_traceback_is_told_once_with_a_priority_on_every_line(
    stream: io.StringIO, clock: Clock
) -> None:
    begin(stream, clock, in_journal=True)
    for _ in range(3):
        LOG.error("a turn failed", exc_info=RuntimeError("broken"))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "<3>camera: a turn failed"
    assert lines[-1] == "<3>RuntimeError: broken"
    assert all(line.startswith("<3>") for line in lines)
    assert sum("a turn failed" in line for line in lines) == 1


def test_the_level_of_the_settings_holds_and_libraries_are_quiet(
    stream: io.StringIO, clock: Clock
) -> None:
    begin(stream, clock, level="warning")
    LOG.info("opened")
    logging.getLogger("paho").info("chatter")
    logging.getLogger("paho").warning("odd")
    assert [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()] == [
        "WARNING paho: odd"
    ]


def test_beginning_again_replaces_what_was_set_up(stream: io.StringIO, clock: Clock) -> None:
    begin(io.StringIO(), clock)
    begin(stream, clock)
    LOG.info("once")
    assert len(stream.getvalue().splitlines()) == 1
    assert sum(isinstance(h, FoldingHandler) for h in logging.getLogger().handlers) == 1


def test_a_full_table_of_open_files_is_a_sentence_whoever_met_it(
    stream: io.StringIO, clock: Clock
) -> None:
    """No line of code is at fault, and other libraries name objects in memory: never equal."""
    handler = begin(stream, clock)
    error = ValueError("no photo")
    error.__context__ = OSError(errno.EMFILE, "Too many open files")
    for number in range(3):
        LOG.error("%d was not looked at", number, exc_info=error)
        foreign = f"Exception in callback <Timer {number}>"
        logging.getLogger("asyncio").error(foreign, exc_info=error)
    handler.close()
    told = "Too many open files. Allow more open files (`ulimit -n 1024`"
    lines = stream.getvalue().splitlines()
    assert [line.partition(" ")[2].partition(", or LimitNOFILE")[0] for line in lines] == [
        f"ERROR camera: 0 was not looked at: {told}",
        f"ERROR asyncio: {told}",
        f"ERROR camera: 2 was not looked at: {told}",
        f"ERROR asyncio: {told}",
    ]
    assert lines[-1].endswith("(2 more in 0 s)")
