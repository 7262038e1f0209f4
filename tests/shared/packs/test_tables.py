"""A table of a pack goes out as a sheet and comes back: unchanged it changes nothing, a bad cell is
named by row and column."""

import pytest

from shared.packs.sheets import sheet_of
from shared.packs.table_kinds import TableKind
from shared.packs.tables import Sheet, SheetError, with_table
from shared.rules.diff import diff
from shared.rules.pack import Pack, PackError, canonical, read_pack
from tests.builders import wine_text

EXTRA = """
price_lists:
  club: {prices: {"4607001": 790.00, "4607002": 12.50}}
"""
LIMITED = """    then:
      - effect: discount
        percent: 15 %
    limits: [{uses: 1, window: day}, {discount: 500.00, per: store, window: month}]
"""


@pytest.fixture
def pack() -> Pack:
    text = wine_text().replace(
        "    then:\n      - effect: discount\n        percent: 15 %\n", LIMITED
    )
    return read_pack(text + EXTRA)


@pytest.mark.parametrize("kind", TableKind)
def test_a_table_that_comes_back_as_it_went_changes_nothing(pack: Pack, kind: TableKind) -> None:
    sheet = sheet_of(pack, kind)

    assert sheet.rows
    assert canonical(with_table(pack, kind, sheet, pack.version)) == canonical(pack)


@pytest.mark.parametrize(
    ("kind", "was", "now", "told"),
    [
        (TableKind.TIERS, "150000.00", "120000,00", "«Золотой»: с 120\xa0000"),
        (TableKind.PRICES, "790.00", "750", "750"),
        (TableKind.FLOORS, "349.00", "399.00", "399"),
        (TableKind.LIMITS, "500.00", "700.00", "700"),
        (TableKind.LISTS, "delicacy", "cheese", "cheese"),
    ],
)
def test_what_a_table_changes_is_told_in_plain_words(
    pack: Pack, kind: TableKind, was: str, now: str, told: str
) -> None:
    sheet = sheet_of(pack, kind)
    rows = tuple(tuple(now if cell == was else cell for cell in row) for row in sheet.rows)

    new = with_table(pack, kind, Sheet(sheet.heading, rows), 2)

    sentences = diff(pack, new, "ru")
    assert "версия" in sentences[0]
    assert any(told.rpartition(" ")[2] in one for one in sentences[1:]), sentences
    assert len(sentences) == 2


@pytest.mark.parametrize(
    ("kind", "heading", "row", "place"),
    [
        (TableKind.TIERS, "id,from", "gold,=1+1", (2, "from")),
        (TableKind.TIERS, "id,from,percent:discount", "gold,1.00,120 %", (2, "percent:discount")),
        (TableKind.TIERS, "id,from", "platinum,1.00", (2, "id")),
        (TableKind.TIERS, "id,from,colour", "gold,1.00,red", (1, "colour")),
        (TableKind.PRICES, "list,sku", "club,1", (1, "price")),
        (TableKind.PRICES, "list,sku,price", "club,1,12.345", (2, "price")),
        (TableKind.PRICES, "list,sku,price", "club,,1.00", (2, "sku")),
        (TableKind.LISTS, "list,kind,value", "vodka,smell,1", (2, "kind")),
        (TableKind.LISTS, "list,kind,value", "vodka,flag,smelly", (2, "value")),
        (TableKind.FLOORS, "goods,price,from,to", "nothing,1.00,,", (2, "goods")),
        (TableKind.FLOORS, "goods,price,from,to", "vodka,1.00,soon,", (2, "from")),
        (TableKind.LIMITS, "rule,what,amount,per,window", "none,uses,1,member,day", (2, "rule")),
        (
            TableKind.LIMITS,
            "rule,what,amount,per,window",
            "sparkling_spring,uses,0,member,day",
            (2, "amount"),
        ),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(
    pack: Pack, kind: TableKind, heading: str, row: str, place: tuple[int, str]
) -> None:
    sheet = Sheet(tuple(heading.split(",")), (tuple(row.split(",")),))

    with pytest.raises(SheetError) as caught:
        with_table(pack, kind, sheet, 2)

    assert (caught.value.details["row"], caught.value.details["column"]) == place


def test_a_table_of_other_columns_is_told_which_it_has(pack: Pack) -> None:
    with pytest.raises(SheetError, match="it is missing, the file has уровень, процент"):
        with_table(pack, TableKind.TIERS, Sheet(("уровень", "процент"), (("gold", "5"),)), 2)


def test_a_row_that_repeats_another_is_refused_with_its_own_number(pack: Pack) -> None:
    rows = (("club", "1", "1.00"), ("", "", ""), ("club", "1", "2.00"))

    with pytest.raises(SheetError) as caught:
        with_table(pack, TableKind.PRICES, Sheet(("list", "sku", "price"), rows), 2)

    assert caught.value.details["row"] == 4


def test_a_formula_is_a_text_like_any_other(pack: Pack) -> None:
    sheet = Sheet(("list", "kind", "value"), (("vodka", "sku", "=HYPERLINK(1)"),))

    assert with_table(pack, TableKind.LISTS, sheet, 2).lists["vodka"].skus == ("=HYPERLINK(1)",)


def test_a_table_that_does_not_fit_the_rest_of_the_pack_is_refused(pack: Pack) -> None:
    rows = (("start", "10.00"), ("silver", "5.00"), ("gold", "7.00"))

    with pytest.raises(PackError):
        with_table(pack, TableKind.TIERS, Sheet(("id", "from"), rows), 2)
