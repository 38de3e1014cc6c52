"""Rows for spreadsheets: CSV in which no cell is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | None


def csv_line(cells: Iterable[Cell]) -> str:
    """Return one line without its end (RFC 4180); formulas are made text (OWASP, CSV injection)."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: Cell) -> Cell:
    is_formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@"))
    return f"'{cell}" if is_formula else cell
