"""The first acts: a centre and two stores come to life, and a member comes in."""

import stat
from collections.abc import Callable

from demo.stage import supplies
from demo.stage.estate import Estate, Shop
from demo.stage.patience import SHORT_S
from demo.story.notebook import Kind
from demo.story.play import Play, points
from demo.story.progress import Progress

STORES = ("A", "B")
BROUGHT = 2_400_00
WALLET = "bonus"
EXPIRES_ON = "2027-12-31"


def open_chain(progress: Progress, open_centre: Callable[[], Estate]) -> Play:
    """Start everything and bring it goods, people and rules."""
    progress.chapter("A centre and two stores")
    with progress.step("The centre starts, on a database and a port of its own") as step:
        estate = open_centre()
        step.proved(f"{estate.centre.url}, SQLite, keys made on the spot")
    play = Play(estate, progress)
    with progress.step(
        "Stores, goods and cashiers are imported, the wine pack is published"
    ) as step:
        estate.supply()
        step.proved(f"2 stores, {supplies.goods_count()} goods, 2 cashiers, pack as shipped")
    with progress.step("Two store agents enrol with one-time codes and start") as step:
        estate.open_shops(STORES)
        for shop in estate.shops.values():
            mode = stat.S_IMODE((shop.data / "agent-1.key").stat().st_mode)
            step.expect(mode == 0o600, f"the private key of {shop.code} is readable by others")
        step.proved("private keys never left the stores (mode 0600); each line runs by a proxy")
    with progress.step("Cashiers sign in, and the pack is in force in both stores") as step:
        for shop in estate.shops.values():
            _sign_in(play, shop)
        step.proved(", ".join(f"{who.name} in {code}" for code, who in supplies.CASHIERS.items()))
    return play


def bring_member(play: Play) -> None:
    """Register Ivan at a till, and import what he had in the programme before."""
    play.progress.chapter("A member")
    ivan = play.ivan
    with play.progress.step(f"{ivan.name} registers in store A, by name and phone") as step:
        ivan.card = str(play.register(play.a, ivan, ivan.name)["card"])
        slip = play.slip(play.a, ivan.card)
        step.expect(ivan.card in slip.codes, "the slip's barcode is not the card")
        step.proved(f"card •••• {ivan.card[-4:]}, printed on the slip as a barcode")
    with play.progress.step(f"{points(BROUGHT)} points come from his old card, by import") as step:
        _heard(play)
        lots = play.estate.centre.folder / "lots.csv"
        row = f"{ivan.card},{BROUGHT // 100}.00,{WALLET},{EXPIRES_ON}"
        lots.write_text(f"identifier,points,wallet,expires_on\n{row}\n")
        play.estate.central("lots", "import", str(lots))
        play.notebook.imported[ivan.name] = BROUGHT
        here = [play.shown(shop, BROUGHT)["available_here_points"] for shop in (play.a, play.b)]
        step.proved(f"both stores show {points(BROUGHT)}; A may spend {points(here[0])} of them")


def _sign_in(play: Play, shop: Shop) -> None:
    patience = play.estate.patience
    who = supplies.CASHIERS[shop.code]
    patience.until(f"the pack is in force in {shop.code}", lambda: shop.till.status().get("pack"))
    goods = supplies.goods_count()
    patience.until(
        f"{shop.code} has its goods",
        lambda: shop.till.status()["streams"].get(f"region:{supplies.REGION}", 0) >= goods,
    )
    shop.till.sign_in(who.no, who.pin)


def _heard(play: Play) -> None:
    """Wait until the centre has Ivan's registration: lots are imported for known cards."""
    told = len(play.notebook.of(kind=Kind.REGISTRATION))
    play.estate.patience.until(
        "the centre knows the member",
        lambda: sum(play.estate.centre.status()["outcomes"].values()) >= told,
        SHORT_S,
        last=lambda: f"A has {play.a.till.status()['queue_depth']} facts to send.",
    )
