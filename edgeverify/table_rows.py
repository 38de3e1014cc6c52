"""Rows of CSV files, for programs and for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | None


def csv_row(cells: Iterable[object]) -> str:
    """Return one row without its end, quoted by RFC 4180."""
    text = io.StringIO()
    # Python before 3.13 quotes the breaks within a cell only if they are its row's own end too.
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def spreadsheet_row(cells: Iterable[Cell]) -> str:
    """Return one row likewise in which formulas are made text (OWASP, CSV injection)."""
    return csv_row(_harmless(cell) for cell in cells)


def _harmless(cell: Cell) -> Cell:
    is_formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@"))
    return f"'{cell}" if is_formula else cell
