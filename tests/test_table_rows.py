"""Rows of CSV: whatever is in a cell comes back, and a spreadsheet computes nothing."""

from __future__ import annotations

import csv
import io

import pytest

from edgeverify.table_rows import csv_row, spreadsheet_row

ODD = ["two\nlines", "a\rb", "a\r\nb", 'she said "go"', "Miller, Ada", "", " a ", "\u2028"]


@pytest.mark.parametrize("cell", ODD)
def test_a_cell_comes_back_as_it_was(cell: str) -> None:
    """Python before 3.13 quoted no line break but the one that ended its rows."""
    text = "".join(f"{csv_row(cells)}\n" for cells in (("a", cell, 1), (cell, "b", 2)))
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["a", cell, "1"], [cell, "b", "2"]]


def test_an_ordinary_row_is_plain() -> None:
    assert csv_row(("mated", "Ada Lovelace/a.png", 0.5, None)) == "mated,Ada Lovelace/a.png,0.5,"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_what_looks_like_a_formula_is_text_to_a_spreadsheet(cell: str) -> None:
    assert spreadsheet_row((cell, -1.5)) == f"'{cell},-1.5"
    assert csv_row((cell,)) == cell
