"""What a reader gives becomes the number that is printed on the card."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.claims.card_number import TornReadError, from_text, written
from edgeverify.claims.wiegand_format import payload
from edgeverify.settings.readers import NumberSettings

CARD = bytes.fromhex("0012d687")
"""1234567, as a card with the facility code 18 and the number 54919."""


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "1234567"),
        ({"digits": 10}, "0001234567"),
        ({"written": "hex"}, "0012D687"),
        ({"written": "hex", "bytes": 3}, "12D687"),
        ({"written": "facility"}, "18.54919"),
        ({"written": "hex", "byte_order": "reversed"}, "87D61200"),
        ({"byte_order": "reversed", "bytes": 2}, str(0x1200)),
    ],
)
def test_the_printed_number(settings: dict[str, object], text: str) -> None:
    assert written(CARD, NumberSettings.model_validate(settings)) == text


def test_a_keyboard_reader_that_types_another_form_than_the_card_shows() -> None:
    printed = NumberSettings(byte_order="reversed", bytes=4, digits=10)
    assert from_text("2278953472", "decimal", printed) == "0001234567"
    assert from_text("87D61200", "hex", printed) == "0001234567"
    assert from_text("0001234567", "text", NumberSettings()) == "0001234567"


def test_a_keyboard_reader_that_types_all_of_a_card_that_shows_its_last_three_bytes() -> None:
    # 0x3112D687 is typed as `0823318151`; the card says `018,54919`.
    printed = NumberSettings(bytes=3, written="facility", digits=9)
    assert from_text(f"{0x3112D687:010d}", "decimal", printed) == "018.54919"
    assert from_text("3112D687", "hex", printed) == "018.54919"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("12D6", "2 bytes where 4 are expected"),
        ("0012D68", "not pairs of hexadecimal digits"),
        ("0012D6XY", "not pairs of hexadecimal digits"),
    ],
)
def test_a_torn_number_in_hexadecimal_says_why_it_is_torn(text: str, why: str) -> None:
    with pytest.raises(TornReadError, match=why):
        from_text(text, "hex", NumberSettings(bytes=4))


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["decimal", "hex"]),
    st.sampled_from(["as_read", "reversed"]),
)
def test_every_card_of_four_bytes_has_one_number_however_its_reader_types_it(
    number: int, typed: str, order: str
) -> None:
    raw = number.to_bytes(4, "little" if order == "reversed" else "big")
    given_text = raw.hex() if typed == "hex" else str(int.from_bytes(raw, "big"))
    for written_as, on_the_card in (
        ("decimal", f"{number:010d}"),
        ("hex", f"{number:08X}".rjust(10, "0")),
        ("facility", f"{number >> 16}.{number & 0xFFFF:05d}".rjust(10, "0")),
    ):
        settings = NumberSettings.model_validate(
            {"byte_order": order, "bytes": 4, "digits": 10, "written": written_as}
        )
        assert from_text(given_text, typed, settings) == on_the_card  # type: ignore[arg-type]
        assert written(raw, settings) == on_the_card


@pytest.mark.parametrize(
    ("text", "typed", "settings"),
    [
        ("12x", "decimal", {}),
        ("²", "decimal", {}),
        ("123", "hex", {}),
        ("zz", "hex", {}),
        ("4294967296", "decimal", {"bytes": 4, "byte_order": "reversed"}),
        ("1234", "hex", {"bytes": 4}),
        ("", "hex", {}),
    ],
)
def test_what_is_no_such_number_is_torn(text: str, typed: str, settings: dict[str, object]) -> None:
    with pytest.raises(TornReadError):
        from_text(text, typed, NumberSettings.model_validate(settings))  # type: ignore[arg-type]


def frame(number: int, length: int) -> list[int]:
    """A Wiegand frame, made by counting and not by the code under test."""
    inner = [int(bit) for bit in f"{number:0{length - 2}b}"]
    half = {26: 12, 34: 16, 37: 18}[length]
    even = sum(inner[:half]) % 2
    odd = 1 - sum(inner[-half:]) % 2
    return [even, *inner, odd]


def test_a_known_card_of_26_bits() -> None:
    # Facility 1, number 1: its frame stands in many readers' manuals.
    bits = [int(bit) for bit in "10000000100000000000000010"]
    assert payload(bits, 26) == bytes.fromhex("010001")


@given(st.sampled_from([26, 34, 37]), st.data())
def test_each_format_gives_its_number_and_no_single_flipped_bit_passes(
    length: int, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, 2 ** (length - 2) - 1))
    bits = frame(number, length)
    assert int.from_bytes(payload(bits, length), "big") == number
    at = data.draw(st.integers(0, length - 1))
    if length == 37 and at == 18:
        return  # the middle bit stands under both parities: both of them fail together
    bits[at] ^= 1
    with pytest.raises(TornReadError, match="parity"):
        payload(bits, length)


@pytest.mark.parametrize("length", [0, 25, 27, 34])
def test_a_frame_of_another_length_is_torn(length: int) -> None:
    with pytest.raises(TornReadError):
        payload([1] * length, 26)
