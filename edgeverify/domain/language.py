"""The languages that a door speaks, by their tags (BCP 47)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "ja", "de", "fr", "es", "tr", "pt", "zh-Hans"]

OWN_NAMES: Mapping[Language, str] = MappingProxyType(
    {
        "en": "English",
        "ja": "日本語",
        "de": "Deutsch",
        "fr": "Français",
        "es": "Español",
        "tr": "Türkçe",
        "pt": "Português",
        "zh-Hans": "简体中文",
    }
)
"""Each as its own speakers call it, in the order of the list above."""
