"""How values are written: each reason in words, marked words as code, nothing unescaped."""

from __future__ import annotations

from edgeverify.domain import Reason
from edgeverify.web.pages.journal import HEIGHT, WIDTH, chart
from edgeverify.web.words import REASONS, act, coded, number, reason, sentence
from tests.web.stage import FRAMES


def test_every_reason_has_words() -> None:
    assert set(REASONS) == {one.value for one in Reason}
    assert reason("of_a_newer_daemon") == "of a newer daemon"


def test_marked_words_are_code_and_everything_is_escaped() -> None:
    assert coded("Run `a <b>`, then <i>.") == "Run <code>a &lt;b&gt;</code>, then &lt;i&gt;."


def test_a_sentence_begins_and_ends_as_one_and_leaves_a_file_s_name_alone() -> None:
    assert sentence("the clock was not set") == "The clock was not set."
    assert sentence("staff.yaml was changed") == "staff.yaml was changed."
    assert sentence("people/staff.yaml: is a link.") == "people/staff.yaml: is a link."
    assert sentence("`web.port` is taken!") == "`web.port` is taken!"
    assert sentence("") == ""


def test_what_people_do_on_the_page_has_words() -> None:
    assert act("page people add") == "added a person"
    assert act("unlock") == ""  # is a word already


def test_what_is_not_known_is_a_dash() -> None:
    assert (number(None), number(0.25, 1)) == ("\u2013", "0.2")


def test_a_decision_is_drawn_inside_its_frame() -> None:
    drawn = chart(FRAMES, 0.5)  # type: ignore[arg-type]
    assert drawn is not None
    assert [dot.kind for dot in drawn.dots] == ["miss", "gate", "miss"]
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in drawn.dots)
    assert drawn.limit_y is not None
    assert drawn.limit_y < min(dot.y for dot in drawn.dots)  # what a match needs lies higher
    assert drawn.dots[1].words == "0.1 s: too dark"


def test_a_decision_without_a_look_has_no_drawing() -> None:
    assert chart([], None) is None
    gates = [{"offset_seconds": 0.0, "score": None, "gate": "no_face", "is_match": False}]
    drawn = chart(gates, None)
    assert drawn is not None
    assert drawn.limit_y is None
