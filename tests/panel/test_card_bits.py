"""The number that the panel knows a card by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edgeverify.claims.card_number import written
from edgeverify.claims.wiegand_format import framed, payload
from edgeverify.panel import CardBits, card_bits
from edgeverify.settings import PanelCardSettings
from edgeverify.settings.readers import NumberSettings
from tests.claims.test_card_number import frame


def _bits(card: CardBits) -> list[int]:
    every = [byte >> (7 - at) & 1 for byte in card.data for at in range(8)]
    assert not any(every[card.count :]), "what is behind the card's bits is zero"
    return every[: card.count]


@pytest.mark.parametrize("bits", [26, 34, 37])
def test_a_decimal_card_goes_out_as_a_reader_would_send_it(bits: int) -> None:
    card = card_bits("0001234567", PanelCardSettings(bits=bits))
    assert _bits(card) == frame(1234567, bits)
    assert card.has_parities


@given(st.sampled_from([26, 34, 37]), st.data())
def test_what_is_framed_is_read_back(bits: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 2 ** (bits - 2) - 1))
    sent = framed(number, bits)
    assert int.from_bytes(payload(sent, bits), "big") == number


@given(st.integers(0, 255), st.integers(0, 65535))
def test_a_facility_code_comes_from_the_number_or_from_the_config(code: int, number: int) -> None:
    """Three ways to write one card, and one card for the panel."""
    told = {
        card_bits(f"{code}.{number:05d}", PanelCardSettings(written="facility")),
        card_bits(f"{code},{number}", PanelCardSettings(written="facility")),
        card_bits(f"{number}", PanelCardSettings(facility=code)),
        card_bits(f"{code << 16 | number}", PanelCardSettings()),
    }
    (card,) = told
    read = payload(_bits(card), 26)
    assert written(read, NumberSettings(written="facility")) == f"{code}.{number:05d}"


def test_a_cards_own_number_goes_out_raw() -> None:
    settings = PanelCardSettings(format="raw", bits=56, written="hex")
    card = card_bits("04A1B2C3D4E580", settings)
    assert card == CardBits(bytes.fromhex("04A1B2C3D4E580"), 56, has_parities=False)
    turned = settings.model_copy(update={"byte_order": "reversed"})
    assert card_bits("04A1B2C3D4E580", turned).data == bytes.fromhex("80E5D4C3B2A104")


@pytest.mark.parametrize(
    ("card", "settings", "said"),
    [
        ("16777216", {}, "does not fit into 26 bits"),
        ("65536", {"facility": 18}, "does not fit into 16 bits"),
        ("18.65536", {"written": "facility"}, "does not fit into 16 bits"),
        ("300.00001", {"written": "facility"}, "does not fit into 26 bits"),
        ("1234567", {"written": "facility"}, "not written as facility code and number"),
        ("12A4", {}, "not a decimal number"),
        ("-5", {}, "not a decimal number"),
        ("\N{ARABIC-INDIC DIGIT FIVE}", {}, "not a decimal number"),
        ("0x12", {"written": "hex", "format": "raw", "bits": 32}, "not hexadecimal"),
    ],
)
def test_a_card_that_does_not_fit_is_never_cut_to_fit(
    card: str, settings: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        card_bits(card, PanelCardSettings.model_validate(settings))


@pytest.mark.parametrize(
    "settings",
    [
        {"bits": 32},
        {"facility": 256},
        {"facility": 1, "written": "hex"},
        {"byte_order": "reversed", "bits": 37},
    ],
)
def test_a_format_that_does_not_exist_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PanelCardSettings.model_validate(settings)
