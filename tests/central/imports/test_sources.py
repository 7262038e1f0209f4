"""Files as people have them: any encoding, delimiter and form; hostile ones are told in a word."""

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.imports.fields import ImportKind
from central.imports.lines import BadSourceError, Line, Sheet, Source, checked_source
from central.imports.mapping import BadMappingError, Plan, UnfitColumnsError, fit
from central.imports.reasons import Reason
from central.imports.sources import CELL_CHARS_MAX, open_sheet
from central.imports.texts import LINE_CHARS_MAX
from central.imports.values import moment
from tests.central.imports.kit import planned


def _read(path: Path, encoding: str = "", delimiter: str = "") -> tuple[Sheet, list[Line]]:
    with open_sheet(Source(path, encoding, delimiter)) as sheet:
        return sheet, list(sheet.lines)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "csv utf-8 ;"),
        ("utf-8-sig", "csv utf-8 ;"),
        ("cp1251", "csv cp1251 ;"),
        ("utf-16", "csv utf-16 ;"),
    ],
)
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str, told: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes("Карта;ФИО\r\n1234;Ёлкина Анна\r\n".encode(encoding))

    sheet, lines = _read(path)

    assert (sheet.header, sheet.form) == (("Карта", "ФИО"), told)
    assert lines == [Line(2, ("1234", "Ёлкина Анна"))]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text(f'a{delimiter}b\n1{delimiter}"x{delimiter}""y"""\n')

    assert _read(path)[1] == [Line(2, ("1", f'x{delimiter}"y"'))]


def test_an_encoding_that_is_named_counts_or_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes("имя\nАнна\n".encode("cp1251"))

    assert _read(path, "cp1251")[1] == [Line(2, ("Анна",))]
    with pytest.raises(BadSourceError, match="utf-8"):
        _read(path, "utf-8")


def test_a_device_is_no_source() -> None:
    with pytest.raises(BadSourceError, match="no regular file"):
        checked_source(Source(Path("/dev/zero")))


def test_rows_that_cannot_be_read_cost_no_other_row(tmp_path: Path) -> None:
    long = "x" * (CELL_CHARS_MAX + 1)
    path = tmp_path / "f.csv"
    path.write_text(
        'a;b\n1;"one\nof two lines"\n2;"never closed\n3;c\n4;d\n5\n6;e;f\n'
        f'7;{long}\n;\n8;g;\n9;"x"y\n'
    )

    assert _read(path)[1] == [
        Line(3, ("1", "one\nof two lines")),
        Line(4, fault=Reason.UNREADABLE),
        Line(5, ("3", "c")),
        Line(6, ("4", "d")),
        Line(7, fault=Reason.FIELDS),
        Line(8, fault=Reason.FIELDS),
        Line(9, fault=Reason.CELL_TOO_LONG),
        Line(11, ("8", "g")),
        Line(12, fault=Reason.UNREADABLE),
    ]


def test_bytes_that_are_no_utf8_cost_their_row_and_spoil_no_name(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    rows = "".join(f"{no};Анна Петрова\n" for no in range(3)).encode()
    path.write_bytes("к;имя\n".encode() + rows + b"9;\xed\xa0\x80\n" + "10;Зоя\n".encode())

    sheet, lines = _read(path)

    assert sheet.form == "csv utf-8 ;"
    assert lines[2:] == [
        Line(4, ("2", "Анна Петрова")),
        Line(5, fault=Reason.BYTES),
        Line(6, ("10", "Зоя")),
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_known_without_its_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes("Карта;ФИО\n1234;Анна\n".encode(encoding))

    assert _read(path)[1] == [Line(2, ("1234", "Анна"))]


def test_the_line_by_which_excel_is_told_the_delimiter_is_no_heading(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("sep=,\r\nКарта,ФИО;имя\r\n1234,Анна\r\n")

    sheet, lines = _read(path)

    assert (sheet.header, lines) == (("Карта", "ФИО;имя"), [Line(3, ("1234", "Анна"))])


def test_columns_that_repeat_are_named(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("a;b;a\n1;2;3\n")

    with pytest.raises(BadSourceError, match="columns repeat: a"):
        _read(tmp_path / "f.csv")


def test_a_line_without_an_end_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(f'a;b\n1;{"x" * 3 * LINE_CHARS_MAX}\n2;c\n3;"{"y" * LINE_CHARS_MAX}"\n \t; \n')

    assert _read(path)[1] == [
        Line(2, fault=Reason.CELL_TOO_LONG),
        Line(3, ("2", "c")),
        Line(4, fault=Reason.CELL_TOO_LONG),
    ]


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, body: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(body)

    try:
        sheet, lines = _read(path)
    except BadSourceError:
        return
    numbers = [line.number for line in lines]
    assert numbers == sorted(numbers)
    assert all(line.fault or len(line.cells) == len(sheet.header) for line in lines)


def test_a_workbook_gives_texts_and_its_formulas_are_texts(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Телефон", "Карта", "Имя", "Дата", "Бонусы"])
    sheet.append([79161234567, 7700000001.0, "=1+1", dt.date(2020, 1, 31), 1234.5])
    sheet.append([])
    sheet.append(["+79160000000", 12345678901234567, "Анна", dt.date(2020, 2, 1), 0.1 + 0.2])
    book.save(tmp_path / "f.xlsx")

    read, lines = _read(tmp_path / "f.xlsx")

    assert (read.form, read.header[0]) == ("xlsx", "Телефон")
    assert lines[0] == Line(2, ("79161234567", "7700000001", "=1+1", "2020-01-31", "1234.5"))
    assert lines[1].number == 4
    assert lines[1].cells[0] == "+79160000000"
    assert lines[1].cells[1].endswith("e+16")  # its digits are lost: no card
    assert lines[1].cells[3:] == ("2020-02-01", "0.3")


def test_parquet_gives_texts(tmp_path: Path) -> None:
    table = pyarrow.table(
        {"card": ["7700000001", None], "points": [12.5, 0.0], "day": [dt.date(2020, 1, 2), None]}
    )
    pyarrow.parquet.write_table(table, tmp_path / "f.parquet")

    sheet, lines = _read(tmp_path / "f.parquet")

    assert (sheet.header, sheet.total) == (("card", "points", "day"), 2)
    assert lines == [Line(1, ("7700000001", "12.5", "2020-01-02")), Line(2, ("", "0", ""))]


def test_a_list_in_parquet_is_its_words(tmp_path: Path) -> None:
    table = pyarrow.table({"card": ["7700000001"], "segments": [["wine", "vip"]]})
    pyarrow.parquet.write_table(table, tmp_path / "f.parquet")

    assert _read(tmp_path / "f.parquet")[1] == [Line(1, ("7700000001", "wine, vip"))]


def test_a_torn_or_exploding_file_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "whole.xlsx")
    content = (tmp_path / "whole.xlsx").read_bytes()
    (tmp_path / "torn.xlsx").write_bytes(content[: len(content) // 2])
    (tmp_path / "torn.parquet").write_bytes(b"PAR1" + b"\0" * 40)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", b" " * 30_000_000)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "twice.csv").write_text("a;a\n1;2\n")
    (tmp_path / "old.xls").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500))

    for path in sorted(tmp_path.iterdir()):
        if path.name != "whole.xlsx":
            with pytest.raises(BadSourceError):
                _read(path)


@pytest.mark.parametrize(
    ("heading", "field"), [("Фамилия;Имя", "first_name"), ("Карта;Имя", "name")]
)
def test_a_name_beside_a_family_name_is_the_first_name(heading: str, field: str) -> None:
    fitted = fit(Plan(), ImportKind.MEMBERS, heading.split(";"))

    assert fitted.places[field] == 1
    assert not {"name", "first_name"} - {field} & fitted.places.keys()


def test_headings_are_known_in_russian_and_english_and_the_rest_is_listed(tmp_path: Path) -> None:
    fitted = fit(Plan(), ImportKind.MEMBERS, ("Card number", "Мобильный телефон", "Рост", ""))

    assert dict(fitted.places) == {"card": 0, "phone": 1}
    assert fitted.unknown == ("Рост",)
    plan = planned(tmp_path, "kind: members\ncolumns: {Рост: segments, Card number: '-'}\n")
    again = fit(plan, ImportKind.MEMBERS, ("Card number", "Мобильный телефон", "Рост"))
    assert (dict(again.places), again.unknown) == ({"segments": 2, "phone": 1}, ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "mapping.yaml: документ пуст"),
        ("- kind\n", "mapping.yaml: ожидаются пары"),
        ("kind: member\n", "kind: такого слова здесь нет, есть members, goods"),
        ("kind: members\ncolums: {}\n", "colums: такого ключа нет, есть kind, columns"),
        ("kind: members\ncolumns: [a]\n", "columns: ожидаются пары"),
        ("kind: members\ndates: x\n", "dates: ожидается список"),
        ("kind: members\ndigits: {card: many}\n", "digits.card: ожидается целое число"),
        ("kind: members\ndigits: {card: 99}\n", "digits.card: от 1 до 32"),
        ("kind: members\ndates: ['%d.%m.%Q']\n", "«%d.%m.%Q» — не вид даты"),
        ("kind: members\ndates: ['%d.%m']\n", "«%d.%m» — не вид даты"),
        ("kind: members\nvalues: {tier: {Ёж: a, еж: b}}\n", "«еж» стоит дважды"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_told_in_words(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(BadMappingError) as refused:
        planned(tmp_path, text)

    sentence = refused.value.sentence("ru")
    assert told in sentence
    assert not any(word in sentence for word in ("Input", "_Mapping", "Пакет", ".."))


def test_zeros_that_a_spreadsheet_has_cut_are_put_back_where_a_mapping_says_so(
    tmp_path: Path,
) -> None:
    plan = planned(tmp_path, "kind: members\ndigits: {card: 13}\n")
    fitted = fit(plan, ImportKind.MEMBERS, ("Карта", "Телефон"))

    cards = ["12345", "0001234567890", "OLD-7", "", "12345678901234"]

    assert [fitted.meant(fitted.record((card, "5")))["card"] for card in cards] == [
        "0000000012345", "0001234567890", "OLD-7", "", "12345678901234",
    ]  # fmt: skip
    assert fitted.meant(fitted.record(("12345", "5")))["phone"] == "5"


def test_a_file_of_other_columns_is_told_which_it_has() -> None:
    with pytest.raises(UnfitColumnsError) as refused:
        fit(Plan(), ImportKind.GOODS, ("Отчёт за май", "Цена"))

    assert refused.value.sentence("ru") == (
        "В файле не найдено: region, sku, name. Его столбцы: Отчёт за май, Цена. "
        "Назовите поля в --mapping."
    )


@pytest.mark.parametrize("text", ["31.12.2020", "2020-12-31", "2020-12-31 00:00:00"])
def test_dates_of_a_workbook_are_read_beside_the_forms_of_a_mapping(text: str) -> None:
    assert moment(text, ("%d.%m.%Y",), "birthday").date() == dt.date(2020, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        "kind: goods\n",
        "kind: members\ncolumns: {Рост: height}\n",
        "kind: members\nvalues: {height: {}}\n",
        "kind: members\nwhat: 1\n",
        "kind: [\n",
        "kind: members\ncolumns: {A: card, B: card}\n",
        "kind: members\ncolumns: {Нет: card}\n",
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadMappingError):
        fit(planned(tmp_path, text), ImportKind.MEMBERS, ("A", "B"))
