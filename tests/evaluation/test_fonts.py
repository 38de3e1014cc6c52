"""File names in any writing stand in pictures, or it is said what is missing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from edgeverify.evaluation.pictures import fonts


def titled(words: str) -> Figure:
    figure = Figure()
    FigureCanvasAgg(figure)
    figure.subplots().set_title(words)
    return figure


def test_usual_letters_need_nothing() -> None:
    figure = titled("probe: María Þór, 42 Ω")
    assert fonts.give_glyphs(figure) == ""
    assert figure.axes[0].title.get_fontfamily() == ["sans-serif"]


def test_a_font_that_has_the_letters_stands_behind_the_usual_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def found(letters: str) -> str:
        asked.append(letters)
        return "VL Gothic"

    monkeypatch.setattr(fonts, "font_with", found)
    figure = titled("山田 taro.jpg")
    assert fonts.give_glyphs(figure) == ""
    assert figure.axes[0].title.get_fontfamily() == ["sans-serif", "VL Gothic"]
    assert asked == ["山田"]


def test_letters_that_no_font_has_are_named_with_the_package(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fonts, "font_with", lambda _: None)
    with caplog.at_level(logging.WARNING):
        assert fonts.give_glyphs(titled("山田")) == "山田"
    assert "fonts-noto-cjk" in caplog.text
    assert "山田" in caplog.text


def test_a_box_for_every_letter_is_no_font_for_it() -> None:
    """Matplotlib brings one that draws its number in a frame for whatever it is asked."""
    assert fonts.font_with("\U000e0001") is None


@pytest.mark.parametrize("name", ["山田.jpg", "a$b$.jpg", r"a$\frac$.jpg", "cost $5.jpg"])
def test_drawing_says_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Neither one warning for each letter that is missing, nor a name taken for a formula."""
    monkeypatch.setattr(fonts, "font_with", lambda _: None)
    figure = titled(name)
    fonts.give_glyphs(figure)
    figure.axes[0].loglog([0.001, 1], [0.001, 1])
    figure.savefig(tmp_path / "drawn.png")
    assert figure.axes[0].title.get_text() == name.replace("山田", "□□")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\rb\tc.jpg", "a b c.jpg"),
        ("山\u3000田\u2028.jpg", "□ □ .jpg"),
        ("\x1b[31mred\x07.jpg", "□[31mred□.jpg"),
        ("Jos\udce9.jpg", "Jos□.jpg"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_no_font_can_draw_is_neither_warned_of_nor_logged_raw(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    shown: str,
) -> None:
    monkeypatch.setattr(fonts, "font_with", lambda _: None)
    figure = titled(name)
    with caplog.at_level(logging.WARNING):
        fonts.give_glyphs(figure)
    figure.savefig(tmp_path / "drawn.png")
    assert figure.axes[0].title.get_text() == shown
    assert all(one.isprintable() for one in caplog.text.replace("\n", ""))
