"""A file is taken whole or not at all, and only what it changes goes down to the stores."""

from collections.abc import Callable

import pytest

from central.agents.streams import ForbiddenStreamError
from central.centre import Centre
from central.estate import service as estate
from central.estate.rows import ROWS_MAX, BadFileError
from central.estate.service import How, Imported
from central.feed import service as feed
from shared.crypto.pins import hash_pin, verify_pin
from shared.wire.feed import changes_of, decode_segment
from shared.wire.rows import CashierRow, GoodsRow, SettingsRow, read_row
from tests.central.app.kit import STORES_CSV, plain_reader

GOODS_CSV = """\
region,sku,name,group,brand,flags,price,floor,barcodes
msk,0012345,"Вино «Мысхако», 0,75",wine/red,Мысхако,alcohol;sale,1199.90,239.00,4600000000017;460
msk,2,Сыр,food,,,99,0,
kzn,2,Сыр,food,,,95.50,0,
"""
CASHIERS_CSV = """\
store,no,name,role,pin
101,7,Анна Петрова,cashier,123456
102,7,Иван Иванов,senior,654321
"""
UseCase = Callable[[Centre, bytes, How], Imported]


def rows(centre: Centre, stream: str, store: str = "101") -> list[object]:
    encoded = feed.segment_for(centre, plain_reader(store), (stream, 0))
    if encoded is None:
        return []
    return [read_row(change.kind, change.row) for change in changes_of(decode_segment(encoded))]


def test_stores_send_their_settings(centre: Centre) -> None:
    (row,) = rows(centre, "store:101")

    assert row == SettingsRow(
        "101",
        "Винный дом",
        "Москва, Арбат, 1",
        "msk",
        "Europe/Moscow",
        "ООО «Вино»",
        "7701234567",
        ("1", "2"),
    )


def test_goods_go_to_their_region(centre: Centre) -> None:
    done = estate.import_goods(centre, GOODS_CSV.encode("utf-8-sig"), How.APPLY)

    assert done == Imported(3, 3, 0)
    wine, cheese = rows(centre, "region:msk")
    assert wine == GoodsRow(
        "0012345",
        "Вино «Мысхако», 0,75",
        "wine/red",
        "Мысхако",
        ("alcohol", "sale"),
        1199_90,
        239_00,
        ("4600000000017", "460"),
    )
    assert isinstance(cheese, GoodsRow)
    assert (cheese.price_minor, cheese.barcodes, cheese.flags) == (99_00, (), ())
    assert len(rows(centre, "region:kzn", "102")) == 1


def test_a_cashiers_pin_travels_as_a_hash_that_verifies(centre: Centre) -> None:
    estate.import_cashiers(centre, CASHIERS_CSV.encode(), How.APPLY)

    _settings, cashier = rows(centre, "store:101")
    assert isinstance(cashier, CashierRow)
    assert (cashier.no, cashier.name, cashier.role) == ("7", "Анна Петрова", "cashier")
    assert verify_pin(centre.keys.pin_pepper, "123456", cashier.pin_hash)
    assert not verify_pin(centre.keys.pin_pepper, "654321", cashier.pin_hash)
    assert not verify_pin(bytes(32), "123456", cashier.pin_hash)


@pytest.mark.parametrize(
    ("use_case", "content"),
    [
        (estate.import_stores, STORES_CSV),
        (estate.import_goods, GOODS_CSV),
        (estate.import_cashiers, CASHIERS_CSV),
    ],
)
def test_the_same_file_again_changes_nothing(
    centre: Centre, use_case: UseCase, content: str
) -> None:
    use_case(centre, content.encode(), How.APPLY)
    before = feed.heads(centre.engine)

    again = use_case(centre, content.encode(), How.APPLY)

    assert again.added == again.changed == 0
    assert feed.heads(centre.engine) == before


def test_only_rows_that_changed_are_sent(centre: Centre) -> None:
    estate.import_goods(centre, GOODS_CSV.encode(), How.APPLY)

    done = estate.import_goods(centre, GOODS_CSV.replace("99,0,", "98,0,").encode(), How.APPLY)

    assert done == Imported(3, 0, 1)
    assert feed.heads(centre.engine)["region:msk"] == 3
    assert feed.heads(centre.engine)["region:kzn"] == 1


def test_a_dry_run_says_what_would_change_and_changes_nothing(centre: Centre) -> None:
    before = feed.heads(centre.engine)

    done = estate.import_goods(centre, GOODS_CSV.encode(), How.DRY_RUN)

    assert done == Imported(3, 3, 0)
    assert feed.heads(centre.engine) == before
    assert estate.import_goods(centre, GOODS_CSV.encode(), How.DRY_RUN) == done


def test_a_store_that_moves_reads_its_new_regions_goods(centre: Centre) -> None:
    estate.import_goods(centre, GOODS_CSV.encode(), How.APPLY)
    moved = STORES_CSV.replace(",msk,", ",kzn,")

    estate.import_stores(centre, moved.encode(), How.APPLY)

    assert len(rows(centre, "region:kzn", "101")) == 1
    with pytest.raises(ForbiddenStreamError):
        rows(centre, "region:msk", "101")


def test_every_bad_row_is_named_and_nothing_is_taken(centre: Centre) -> None:
    content = (
        GOODS_CSV + "msk,3,Чай,food,,beer,10,0,\nmsk,4,Кофе,food,,,10.5,0,\nmsk,2,Сыр,,,,1,0,\n"
    )

    with pytest.raises(BadFileError) as caught:
        estate.import_goods(centre, content.encode(), How.APPLY)

    sentence = caught.value.sentence("ru")
    assert "строка 5: flags: «beer»" in sentence
    assert "строка 6: price: «10.5»" in sentence
    assert "строка 7: key:" in sentence
    assert caught.value.details["count"] == 3
    assert rows(centre, "region:msk") == []


@pytest.mark.parametrize(
    ("use_case", "heading", "row", "column"),
    [
        (estate.import_stores, 0, "1 0,N,A,msk,Europe/Moscow,L,7701234567,1", "code"),
        (estate.import_stores, 0, "103,,A,msk,Europe/Moscow,L,7701234567,1", "name"),
        (estate.import_stores, 0, "103,N,A,мск,Europe/Moscow,L,7701234567,1", "region"),
        (estate.import_stores, 0, "103,N,A,msk,Moscow,L,7701234567,1", "zone"),
        (estate.import_stores, 0, "103,N,A,msk,../../etc/passwd,L,7701234567,1", "zone"),
        (estate.import_stores, 0, "103,N,A,msk,Europe/Moscow,L,77,1", "tax_number"),
        (estate.import_stores, 0, "103,N,A,msk,Europe/Moscow,L,7701234567,1;1", "tills"),
        (
            estate.import_stores,
            0,
            "103,N,A,msk,Europe/Moscow,L,7701234567",
            "it has not as many fields",
        ),
        (
            estate.import_stores,
            0,
            "103,N,A,msk,Europe/Moscow,L,7701234567,1,2",
            "it has not as many fields",
        ),
        (estate.import_cashiers, 1, "101,8,Анна,boss,123456", "role"),
        (estate.import_cashiers, 1, "101,8,Анна,cashier,12345", "pin"),
        (estate.import_cashiers, 1, "101,8,Анна,cashier,١٢٣٤٥٦", "pin"),
        (estate.import_cashiers, 1, "999,8,Анна,cashier,123456", "store"),
        (estate.import_goods, 2, "msk,4,Кофе,food,,,-1,0,", "price"),
        (estate.import_goods, 2, "msk,4,Кофе,food,,,1,free,", "floor"),
        (estate.import_goods, 2, "msk,,Кофе,food,,,1,0,", "sku"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    centre: Centre, use_case: UseCase, heading: int, row: str, column: str
) -> None:
    first_line = (STORES_CSV, CASHIERS_CSV, GOODS_CSV)[heading].splitlines()[0]

    with pytest.raises(BadFileError) as caught:
        use_case(centre, f"{first_line}\n{row}\n".encode(), How.APPLY)

    assert f"row 2: {column}" in caught.value.sentence("en")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "строка 1: нет столбцов: region"),
        (b"sku\n1\n", "строка 1: нет столбцов: region"),
        ("регион".encode("cp1251"), "строка 1: нет столбцов: region"),
        (b'region,"sku\n', "строка 1: это не CSV в UTF-8"),
        (b"\0\0\0", "строка 1: "),
        (GOODS_CSV.encode() + b"1,2\n", "полей не столько, сколько в заголовке"),
    ],
)
def test_a_file_that_is_not_the_table_is_refused(
    centre: Centre, content: bytes, words: str
) -> None:
    with pytest.raises(BadFileError) as refused:
        estate.import_goods(centre, content, How.APPLY)

    assert words in refused.value.sentence("ru")
    assert "Error" not in refused.value.sentence("en")


def test_a_file_with_too_many_rows_is_refused(centre: Centre) -> None:
    heading = GOODS_CSV.splitlines()[0]
    line = "msk,1,n,g,,,1,0,\n"

    with pytest.raises(BadFileError):
        estate.import_goods(centre, f"{heading}\n{line * (ROWS_MAX + 1)}".encode(), How.APPLY)


def test_no_pin_appears_in_a_refusal(centre: Centre) -> None:
    content = CASHIERS_CSV.replace("123456", "12345x")

    with pytest.raises(BadFileError) as caught:
        estate.import_cashiers(centre, content.encode(), How.APPLY)

    assert "12345" not in caught.value.sentence("ru")


def test_a_pin_hash_depends_on_its_salt_and_an_unreadable_one_verifies_nothing() -> None:
    one, two = (hash_pin(b"p", "123456", salt) for salt in (bytes(16), bytes(15) + b"1"))

    assert one != two
    assert not verify_pin(b"p", "123456", "not a hash")
