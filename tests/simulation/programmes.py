"""The programmes that a run may have: the shipped packs, and goods that their rules speak of."""

from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from shared.rules.pack import read_pack
from tests.builders import wine_with
from tests.simulation.carried import with_coupons

FIRST_FROM = "2026-01-01T00:00"
HEADER = "region,sku,name,group,brand,flags,price,floor,barcodes"
GRANTS = """
grants:
  - {id: welcome, title: {ru: Привет, en: Hello}, on: registration, points: 300.00,
     wallet: bonus, expiry: 30 days}
  - {id: birthday, title: {ru: С днём рождения, en: Happy birthday}, on: birthday, points: 300.00,
     before_days: 2, after_days: 14, wallet: bonus, expiry: 30 days}
"""
"""What a person gets once, whichever stores he asks, where the pack gives a till nothing for it."""
BACK = """\
  voided_by: anyone
  offline_return: cap
  offline_return_cap: 100000.00
"""
"""How goods come back."""
LIMIT = """\
  offline_redemption: limit
  offline_receipt_points: {}
  offline_member_points: {}
  offline_store_points: {}
"""
"""How points are redeemed offline, where not by leases alone."""
PASSES = """\
  offline_redemption: signed_pass
  offline_pass_points: {}
  offline_pass_days: 1
"""
NO_CAPS = (0, 0, 0)
"""Of a receipt, a member and a store: nothing beyond the leases."""
ONCE_ON = ("registration", "birthday")
NEARER = {"from: 50000.00": "from: 5000.00", "from: 150000.00": "from: 15000.00"}
"""Levels of the wine pack that a few visits reach."""


class Programme(StrEnum):
    """A shipped pack."""

    WINE = "wine"
    PLUMBING = "plumbing"
    JEWELLERY = "jewellery"
    FASHION = "fashion"
    SPIRITS = "spirits"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a programme's goods are sold: by sku the group, the flags and the floor."""

    region: str
    goods: dict[str, tuple[str, str, str]]


NAMES = {
    "CHEESE": ("Сыр выдержанный", "1000.00", "4600000000015"),
    "OPENER": ("Штопор", "600.00", "4600000000039"),
    "WINE": ("Вино красное", "2000.00", "4600000000022"),
    "VODKA": ("Водка", "400.00", ""),
    "SMOKES": ("Сигареты", "200.00", ""),
    "GIFT": ("Подарочный сертификат", "1000.00", ""),
}
"""Names and prices stay: what matters to a rule is the group and the flags."""
TOBACCO = ("tobacco", "tobacco", "0.00")
GIFTS = ("gifts", "certificate", "0.00")
SHELVES = {
    Programme.WINE: Shelf(
        "all",
        {
            "CHEESE": ("delicacy/cheese", "", "0.00"),
            "OPENER": ("accessories/openers", "", "0.00"),
            "WINE": ("wine/red", "", "0.00"),
            "VODKA": ("spirits/vodka", "alcohol", "349.00"),
            "SMOKES": TOBACCO,
            "GIFT": GIFTS,
        },
    ),
    Programme.PLUMBING: Shelf(
        "msk",
        {
            "CHEESE": ("pipes/copper", "", "0.00"),
            "OPENER": ("heating/valves", "", "0.00"),
            "WINE": ("sanitary/baths", "", "1800.00"),
            "VODKA": ("tools", "service", "0.00"),
            "SMOKES": TOBACCO,
            "GIFT": GIFTS,
        },
    ),
    Programme.JEWELLERY: Shelf(
        "all",
        {
            "CHEESE": ("gold/rings", "", "0.00"),
            "OPENER": ("stones/opals", "", "500.00"),
            "WINE": ("stones/diamonds", "", "0.00"),
            "VODKA": ("gold/chains", "sale", "0.00"),
            "SMOKES": TOBACCO,
            "GIFT": GIFTS,
        },
    ),
    Programme.FASHION: Shelf(
        "all",
        {
            "CHEESE": ("dresses", "", "0.00"),
            "OPENER": ("shoes", "sale", "0.00"),
            "WINE": ("dresses/evening", "", "1500.00"),
            "VODKA": ("bags", "", "0.00"),
            "SMOKES": TOBACCO,
            "GIFT": GIFTS,
        },
    ),
    Programme.SPIRITS: Shelf(
        "all",
        {
            "CHEESE": ("snacks", "", "0.00"),
            "OPENER": ("accessories", "", "0.00"),
            "WINE": ("wine/own_import", "alcohol", "1200.00"),
            "VODKA": ("spirits/vodka", "alcohol", "349.00"),
            "SMOKES": TOBACCO,
            "GIFT": GIFTS,
        },
    ),
}


def pack_text(
    programme: Programme,
    version: int = 1,
    effective_from: str = FIRST_FROM,
    caps: tuple[int, int, int] = NO_CAPS,
    of_pass: int = 0,
) -> str:
    """Return a version of a programme's pack; each gives the wine lovers one percent less.

    Caps let stores spend so many hundredths of a point beyond their leases, and so does a pass.
    """
    text = files("shared.rules").joinpath(f"examples/{programme}.yaml").read_text("utf-8")
    if programme is Programme.WINE:
        text = wine_with(GRANTS)
        for far, near in NEARER.items():
            assert far in text, f"the pack has no level {far}"
            text = text.replace(far, near)
    group = SHELVES[programme].goods["WINE"][0]
    text = with_coupons(text, group.partition("/")[0])
    if "\ngrants:" not in text:
        text += GRANTS
    if "\npolicies:\n" not in text:
        text += "\npolicies:\n"
    offline = LIMIT.format(*map(_points, caps)) if any(caps) else ""
    offline += PASSES.format(_points(of_pass)) if of_pass else ""
    text = text.replace("\npolicies:\n", f"\npolicies:\n{BACK}{offline}")
    text = text.replace("version: 1\n", f"version: {version}\n").replace(FIRST_FROM, effective_from)
    return text if version == 1 else text.replace("15 %", f"{20 - version} %")


def _points(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def goods_of(programme: Programme) -> str:
    """Return the goods of a programme as a file."""
    shelf = SHELVES[programme]
    rows = [
        f"{shelf.region},{sku},{name},{group},,{flags},{price},{floor},{barcode}"
        for sku, (name, price, barcode) in NAMES.items()
        for group, flags, floor in [shelf.goods[sku]]
    ]
    return "\n".join([HEADER, *rows, ""])


def once_of(programme: Programme) -> dict[str, int]:
    """Return by rule what a person gets once, in hundredths of a point."""
    pack = read_pack(pack_text(programme))
    return {
        grant.id: grant.points
        for grant in pack.grants
        if grant.on in ONCE_ON and grant.points is not None
    }
