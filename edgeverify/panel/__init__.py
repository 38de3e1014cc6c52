"""An access-control panel that takes this door for its card reader (OSDP, this door as PD)."""

from edgeverify.panel.card_bits import CardBits, card_bits
from edgeverify.panel.commands import BuzzerCommand, LedCommand, PanelCommand, TextCommand
from edgeverify.panel.indicators import Indicators, Shown
from edgeverify.panel.link import LinkHealth, PanelLink, Report

__all__ = [
    "BuzzerCommand",
    "CardBits",
    "Indicators",
    "LedCommand",
    "LinkHealth",
    "PanelCommand",
    "PanelLink",
    "Report",
    "Shown",
    "TextCommand",
    "card_bits",
]
