"""What the demo's chain consists of: two stores, their goods and cashiers, as import files."""

from dataclasses import dataclass
from pathlib import Path

from shared.ids import check_digit

REGION = "msk"


@dataclass(frozen=True, slots=True)
class Cashier:
    """Who signs in at a till."""

    no: str
    name: str
    pin: str


CASHIERS = {
    "A": Cashier("101", "Мария Орлова", "482915"),
    "B": Cashier("201", "Павел Зимин", "730164"),
}

_STORES = (
    ("A", "Винный погреб на Арбате", "Москва, ул. Арбат, 12", "1;2"),
    ("B", "Винный погреб на Сретенке", "Москва, ул. Сретенка, 5", "1"),
)
STORE_NAMES = {code: name for code, name, *_ in _STORES}
_LEGAL = "Europe/Moscow,ООО «Винный погреб»,7704123452"
"""Zone, legal name and tax number; its check digits are wrong on purpose."""

# sku, name, group, brand, flags, price, floor and the barcode without its check digit.
# Names, prices and floors are made up. Points pay for what the card's discount does not cover.
_GOODS = (
    ("W-01", "Вино «Саперави» красное сухое 0,75 л", "wine/red", "alcohol", "1290.00", "0"),
    ("W-02", "Вино «Шардоне» белое сухое 0,75 л", "wine/white", "alcohol", "1190.00", "0"),
    ("W-03", "Вино игристое брют 0,75 л", "wine/sparkling", "alcohol", "1490.00", "329.00"),
    ("S-01", "Коньяк пять звёзд 0,5 л", "spirits/cognac", "alcohol", "1850.00", "755.00"),
    ("S-02", "Водка ржаная 0,5 л", "spirits/vodka", "alcohol", "640.00", "409.00"),
    (
        "S-03",
        "Виски «Север» 12 лет 0,7 л",
        "spirits/collection",
        "alcohol",
        "4900.00",
        "1020.00",
    ),
    ("D-01", "Сыр твёрдый выдержанный, кг", "delicacy", "", "2390.00", "0"),
    ("D-02", "Хамон, нарезка 80 г", "delicacy", "", "490.00", "0"),
    ("D-03", "Оливки с косточкой 300 г", "delicacy", "", "390.00", "0"),
    ("D-04", "Шоколад тёмный 72 % 100 г", "delicacy", "", "320.00", "0"),
    ("D-05", "Набор деликатесов подарочный", "delicacy", "", "2400.00", "0"),
    ("A-01", "Штопор сомелье", "accessory", "", "890.00", "0"),
    ("A-02", "Бокалы для вина, 2 шт.", "accessory", "", "1590.00", "0"),
    ("T-01", "Сигареты, пачка", "tobacco", "tobacco", "239.00", "239.00"),
)


def barcode(sku: str) -> str:
    """Return the EAN-13 of goods: a made-up Russian maker, the place in the list, a check digit."""
    place = next(place for place, row in enumerate(_GOODS, start=1) if row[0] == sku)
    digits = f"460712345{place:03d}"
    return f"{digits}{check_digit(int(digit) for digit in digits)}"


def stores_csv() -> str:
    """Return the stores as the centre imports them."""
    rows = ["code,name,address,region,zone,legal_name,tax_number,tills"]
    rows += [
        f'{code},{name},"{address}",{REGION},{_LEGAL},{tills}'
        for code, name, address, tills in _STORES
    ]
    return "\n".join(rows) + "\n"


def goods_count() -> int:
    """Return how many goods there are."""
    return len(_GOODS)


def goods_csv() -> str:
    """Return the goods as the centre imports them."""
    rows = ["region,sku,name,group,brand,flags,price,floor,barcodes"]
    for sku, name, group, flags, price, floor in _GOODS:
        rows.append(f'{REGION},{sku},"{name}",{group},,{flags},{price},{floor},{barcode(sku)}')
    return "\n".join(rows) + "\n"


def cashiers_csv() -> str:
    """Return the cashiers as the centre imports them."""
    rows = ["store,no,name,role,pin"]
    rows += [f"{store},{who.no},{who.name},cashier,{who.pin}" for store, who in CASHIERS.items()]
    return "\n".join(rows) + "\n"


def write(folder: Path) -> None:
    """Write the import files into a folder."""
    (folder / "stores.csv").write_text(stores_csv())
    (folder / "goods.csv").write_text(goods_csv())
    (folder / "cashiers.csv").write_text(cashiers_csv())
