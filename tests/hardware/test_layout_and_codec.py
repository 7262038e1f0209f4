"""What is laid out fits the roll, keeps its words, and can be printed in CP866."""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hardware.printers.codec import printable, to_cp866
from hardware.printers.layout import Line, as_text, lay_out, wrap
from shared.slip import Align, Barcode, Feed, Qr, Row, Size, Slip, SlipKind, Text

SlipMaker = Callable[..., Slip]
WIDTHS = some.sampled_from([32, 42, 48])
WORDS = some.text(some.characters(exclude_categories=["Cs"]), max_size=120)


@pytest.mark.fault(22)
@given(WORDS)
def test_no_text_ever_becomes_a_question_mark_or_a_command(text: str) -> None:
    sent = to_cp866(text.replace("?", ""))

    assert b"?" not in sent
    assert all(byte >= 0x20 or byte == 0x0A for byte in sent)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("«Ёж» — 5 ₽…", '"Ёж" - 5 руб....'),
        ("“a” – € • ×", '"a" - евро ∙ x'),
        ("Кафе\u0301 Zoë ½ №1", "Кафе Zoe 1/2 №1"),
        ("и\u0306 е\u0308", "й ё"),
        ("С днём рождения 🎂 👨‍👩‍👧", "С днём рождения * ***"),
        ("ქართული", "■■■■■■■"),
        ("Әлия Җәмилева", "Алия Жамилева"),
        ("a\x1b@\x10\x04\x01\x00b\tc", "a@b c"),
        ("1\u00a0085,50\u202f₽", "1 085,50 руб."),
    ],
)
def test_what_the_page_lacks_is_replaced_by_what_people_would_write(text: str, shown: str) -> None:
    assert to_cp866(text).decode("cp866") == shown


@given(WORDS)
def test_replacing_twice_changes_nothing(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@pytest.mark.fault(30)
@given(WORDS, WORDS, WIDTHS)
def test_nothing_is_wider_than_the_roll(left: str, right: str, columns: int) -> None:
    blocks = (Text(left, Align.CENTER, size=Size.DOUBLE), Text(left), Row(left, right))
    slip = Slip(id=UUID(int=1), kind=SlipKind.SALE, blocks=blocks)

    for item in lay_out(slip, columns):
        if isinstance(item, Line):
            assert len(item.text) * (2 if item.size is Size.DOUBLE else 1) <= columns
            assert "\n" not in item.text
    assert all(len(line) <= columns for line in as_text(slip, columns).splitlines())


@given(some.lists(some.text("абв", min_size=1, max_size=20), max_size=20), WIDTHS)
def test_wrapping_keeps_every_word_in_order(words: list[str], columns: int) -> None:
    assert " ".join(wrap(" ".join(words), columns)).split() == words


def test_a_no_break_space_keeps_a_sum_on_one_line() -> None:
    assert wrap("Итого к оплате 1\u00a0085,50", 20) == ["Итого к оплате", "1 085,50"]


def test_the_amount_stands_at_the_right_edge_of_the_last_line(
    make_slip: SlipMaker,
) -> None:
    slip = make_slip(Row("Вино «Шато Тамань» Мерло красное", "1 250,00 ₽"))

    assert as_text(slip, 32).splitlines() == [
        'Вино "Шато Тамань"',
        "Мерло красное      1 250,00 руб.",
    ]


def test_an_amount_too_long_for_its_line_gets_its_own(make_slip: SlipMaker) -> None:
    slip = make_slip(Row("Карта", "2912 3456 7890 5000 0000 1234"))

    assert as_text(slip, 32).splitlines() == ["Карта", "   2912 3456 7890 5000 0000 1234"]


def test_a_copy_says_so_at_its_head(make_slip: SlipMaker) -> None:
    assert as_text(make_slip(Text("Чек"), copy_no=2), 32).split() == ["КОПИЯ", "2", "Чек"]


@pytest.mark.fault(31)
def test_scanners_get_two_blank_lines_between_the_codes(make_slip: SlipMaker) -> None:
    items = lay_out(make_slip(Text("а"), Qr("A"), Feed(), Barcode("1"), Text("б")), 32)

    assert [item.lines if isinstance(item, Feed) else type(item).__name__ for item in items] == [
        "Line", 1, "Qr", 2, "Barcode", 1, "Line",
    ]  # fmt: skip


def test_a_detail_row_keeps_its_indent_on_every_line() -> None:
    assert wrap("  скидка по карте\nИтого", 12) == ["  скидка по", "  карте", "Итого"]
    assert wrap(" " * 40 + "a", 10) == [" " * 5 + "a"]
