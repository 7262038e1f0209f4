"""What a file of each kind may say: fields, by which headings they are known, which are needed."""

import re
from dataclasses import dataclass
from enum import StrEnum

DATE_PREFIX = "date."
"""Of a named day of a member's life: `date.wedding`."""
_APART = re.compile(r"[^0-9a-zа-я]+")


class ImportKind(StrEnum):
    """What a file holds."""

    MEMBERS = "members"
    GOODS = "goods"
    STORES = "stores"
    CASHIERS = "cashiers"
    RECEIPTS = "receipts"
    FAMILIES = "families"


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its name; headings are folded: small letters, ё→е, single blanks."""

    name: str
    headings: tuple[str, ...] = ()
    is_needed: bool = False


def _fields(*rows: str) -> tuple[Field, ...]:
    """Read `name!: heading, heading`; the sign says that a file must have the field."""
    found = []
    for row in rows:
        name, _, words = row.partition(":")
        headings = tuple(word.strip() for word in words.split(",") if word.strip())
        bare = name.rstrip("!")
        found.append(Field(bare, (bare.replace("_", " "), *headings), name.endswith("!")))
    return tuple(found)


FIELDS: dict[ImportKind, tuple[Field, ...]] = {
    ImportKind.MEMBERS: _fields(
        "card: карта, карты, номер карты, дисконтная карта, штрихкод карты, card number, barcode",
        "phone: телефон, номер телефона, мобильный, мобильный телефон, сотовый, mobile",
        "phone_verified: телефон подтвержден, подтвержден",
        "phone_role: чей телефон, роль телефона",
        "email: почта, электронная почта, e mail, эл почта, адрес электронной почты",
        "name: имя, фио, клиент, покупатель, контрагент, full name, наименование",
        "last_name: фамилия, surname",
        "first_name: имя клиента, given name",
        "middle_name: отчество",
        "birthday: день рождения, дата рождения, др, birth date, date of birth",
        "registered_on: дата регистрации, дата выдачи, дата выдачи карты, registered",
        "store: магазин, код магазина, место выдачи, home store",
        "tier: уровень, тип карты, вид карты, статус, статус карты, card type, level",
        "tier_until: уровень до, статус до, tier valid until",
        "segments: сегмент, сегменты, группа, группы, segment",
        "points: бонусы, баллы, остаток бонусов, остаток баллов, баланс, bonus, balance",
        "points_until: бонусы до, баллы до, сгорают, срок действия бонусов, expires on, expires",
        "wallet: кошелек",
        "turnover: оборот, сумма покупок, накопления, накопленная сумма, сумма накоплений",
        "turnover_on: оборот на дату, дата оборота",
        "receipts: чеков, количество чеков, число чеков, покупок, количество покупок, visits",
        "consent: согласие, версия согласия",
    ),
    ImportKind.STORES: _fields(
        "code!: код, код магазина, магазин, store",
        "name!: название, наименование",
        "address!: адрес",
        "region!: регион, код региона",
        "zone!: часовой пояс, зона, timezone, time zone",
        "legal_name!: юрлицо, юридическое лицо, организация",
        "tax_number!: инн, inn",
        "tills!: кассы, касса",
    ),
    ImportKind.GOODS: _fields(
        "region!: регион, код региона",
        "sku!: артикул, код, код товара, номенклатурный номер",
        "name!: название, наименование, номенклатура, товар",
        "group: группа, товарная группа, категория, category",
        "brand: бренд, марка, производитель",
        "flags: признаки, признак",
        "price!: цена, розничная цена",
        "floor: минимальная цена, мрц, мин цена, min price",
        "barcodes: штрихкод, штрихкоды, штрих код, шк, ean, barcode",
    ),
    ImportKind.CASHIERS: _fields(
        "store!: магазин, код магазина",
        "no!: табельный номер, номер, табельный, number",
        "name!: фио, имя, кассир",
        "role!: роль, должность",
        "pin!: пин, пин код",
    ),
    ImportKind.RECEIPTS: _fields(
        "number!: номер чека, чек, номер документа, receipt, receipt number, id",
        "member!: карта, номер карты, телефон, клиент, card, phone, card number",
        "at!: дата, дата чека, дата и время, дата продажи, date, time",
        "store!: магазин, код магазина",
        "total!: сумма, сумма чека, оплачено, итого, paid, amount",
        "sku: артикул, код товара",
        "quantity: количество, кол во, qty",
        "points: начислено бонусов, начислено, earned",
    ),
    ImportKind.FAMILIES: _fields(
        "member!: участник, родственник, карта, телефон, card, phone",
        "head!: глава, глава семьи, карта главы, телефон главы",
        "role: роль",
    ),
}


def folded(heading: str) -> str:
    """Return a heading in the form in which headings are compared."""
    return _APART.sub(" ", heading.casefold().replace("ё", "е")).strip()
