"""Tables: what a query shows of them, and what a spreadsheet must not run."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from central.console.tables import (
    ROWS_A_PAGE,
    Cell,
    Column,
    as_csv,
    exported,
    harmless,
    listing,
    written,
)

Row = tuple[str, int]
COLUMNS: list[Column[Row]] = [
    Column("name", lambda row: Cell(row[0])),
    Column("no", lambda row: Cell(str(row[1]), order=row[1]), "number"),
]
ROWS = [(f"Магазин {no}", no) for no in range(1, 61)]


def shown(query: dict[str, str]) -> list[str]:
    return [row[0].text for row in listing(COLUMNS, ROWS, query, "no").rows]


def test_the_first_page_is_shown_sorted() -> None:
    assert shown({}) == [f"Магазин {no}" for no in range(1, ROWS_A_PAGE + 1)]


def test_pages_go_on_and_end() -> None:
    found = listing(COLUMNS, ROWS, {"page": "3"}, "no")

    assert (found.page, found.pages, found.total, found.first) == (3, 3, 60, 51)
    assert len(found.rows) == 10
    assert listing(COLUMNS, ROWS, {"page": "99"}, "no").page == 3
    assert listing(COLUMNS, ROWS, {"page": "-1e9"}, "no").page == 1


def test_numbers_are_sorted_as_numbers_and_turned() -> None:
    assert shown({"sort": "-no"})[:2] == ["Магазин 60", "Магазин 59"]
    found = listing(COLUMNS, ROWS, {"sort": "-no", "q": "6"}, "no")
    assert found.turned("no") == "?sort=no&q=6"
    assert (found.order_of("no"), found.order_of("name")) == ("descending", "none")


def test_all_words_are_looked_for_in_any_column_whatever_their_case() -> None:
    assert shown({"q": "МАГАЗИН 60"}) == ["Магазин 60"]
    assert shown({"q": "nothing of the sort"}) == []


def test_an_empty_cell_is_last_in_any_order() -> None:
    rows: list[Row] = [("", 1), ("б", 2), ("а", 3)]
    for sort, names in (("name", ["а", "б", ""]), ("-name", ["б", "а", ""])):
        found = listing(COLUMNS, rows, {"sort": sort}, "no")
        assert [row[0].text for row in found.rows] == names


def test_a_file_has_all_rows_that_the_filter_lets_through() -> None:
    titles = {"name": "Название", "no": "№"}

    file = exported("stores", titles, COLUMNS, ROWS, {"q": "магазин", "page": "2", "sort": "-no"})

    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Название;№"
    assert len(lines) == 61
    assert lines[1] == "Магазин 60;60"


def test_the_address_of_a_file_is_filtered_and_sorted_as_the_table_is_shown() -> None:
    query = {"q": "6", "page": "2", "done": "saved", "who": "anna", "state": "open"}

    found = listing(COLUMNS, ROWS, query, "no")

    assert found.file == "?q=6&who=anna&state=open&format=csv&sort=no"
    assert found.turned("name") == "?q=6&who=anna&state=open&sort=name"
    assert found.kept([("state", "…", ())]) == [("who", "anna")]


@given(st.text())
def test_no_text_is_a_formula_and_none_is_lost(text: str) -> None:
    told = harmless(text)

    assert told.removeprefix("'") == text or told == text
    assert not told.startswith(("=", "@", "\t", "\r"))
    assert not told.startswith(("+", "-")) or all(
        one in "+-0123456789.,% \u00a0\u202f" for one in told
    )


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_a_file_reads_back_as_it_was_written(rows: list[list[str]]) -> None:
    file = as_csv("any", ["a", "b"], rows)

    text = io.StringIO(file.content.decode("utf-8-sig", errors="surrogatepass"), newline="")
    assert list(csv.reader(text, delimiter=";"))[1:] == [
        [written(one) for one in row] for row in rows
    ]


def test_what_people_put_into_names_is_harmless() -> None:
    for text in ("=1+1", " -5+3 Минусов", "+7916", "@SUM(A1)", "-2+3", "=cmd|' /C calc'!A0"):
        assert harmless(text).startswith("'") or text == "+7916"
    assert harmless("-1 234,50") == "-1 234,50"


def test_numbers_are_written_as_spreadsheets_reckon() -> None:
    assert written("\u22121\u00a0234,50") == "-1234,50"
    assert written("8 916 123-45-67") == "8 916 123-45-67"
    assert written("\u2212cmd") == "\u2212cmd"
