"""What people carry: certificates, unique promo codes and coupons; how they are used in a run."""

import random
from dataclasses import dataclass, field
from typing import Any

from central.bearers import issuing
from central.bearers.certificates import release
from central.campaigns import codes as campaigns
from central.campaigns.codes import CodeOrder
from central.centre import Centre
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.crypto.blind import IdentifierKind, blind_index
from shared.tokens import plain_token
from tests.simulation.told import Points

NOMINAL_MINOR = 1_000_00
OWN, BOUND, CODES = 2, 1, 3
"""Certificates that a store sells, so many of them are taken by it offline; codes, for a store."""
GIFT, CAMPAIGN = "GIFT", "tasting"
TWICE = 0.2
"""How often one number is sold in two stores."""
BACK, CANCELLED, KNOWN, RESERVED, SYNCED = 0.2, 0.08, 0.3, 0.85, 0.4
PIECE = 1000
LINE_SHARE = 0.3
"""Of a return: the whole of one line."""
DAY_S = 86_400
RUSH_S = 2 * 3600
"""Two customers try one code within this time."""
CAMPAIGNS = """\
  return_soon: {title: {ru: Ждём снова, en: See you}}
"""
TASTING = """\
  tasting: {title: {ru: Дегустация, en: Tasting}, channel: event, per_code_max: 1}
"""
TASTING_RULE = """
  - id: tasting_code
    title: {ru: Промокод, en: Promo code}
    if: {code_in: [tasting]}
    then: [{effect: discount, percent: 10 %}]
"""
"""What unique codes of an event give where the programme has none."""
COUPON = """
  - id: return_code
    title: {ru: Ждём снова, en: See you}
    if: {code_in: [return_soon]}
    then: [{effect: discount, percent: 20 %}]
  - id: return_soon
    title: {ru: Купон за покупку, en: A coupon for a purchase}
    if: {group_in: [GROUP]}
    then: [{effect: coupon, campaign: return_soon, activation: at once, expiry: 14 days}]
"""
"""A coupon for goods of a group, which takes 20 % off the next purchase."""

Draft = tuple[int, str, int, dict[str, Any]]
"""Second, what is done, store, how."""


def with_coupons(text: str, group: str) -> str:
    """Return a pack with codes of an event, and a coupon for the next purchase for a group."""
    campaigns, rules, discounts = CAMPAIGNS, COUPON.replace("GROUP", group), "return_code"
    if f"\n  {CAMPAIGN}:" not in text:
        campaigns, rules = campaigns + TASTING, TASTING_RULE + rules
        discounts = f"tasting_code, {discounts}"
    if "\ncodes:\n" not in text:
        text = text.replace("\nrules:\n", "\ncodes:\n\nrules:\n", 1)
    return (
        text.replace("\ncodes:\n", f"\ncodes:\n{campaigns}", 1)
        .replace("\nrules:\n", f"\nrules:{rules}\n", 1)
        .replace("children: [", f"children: [{discounts}, ", 1)
    )


@dataclass(slots=True)
class Carried:
    """The codes of a run; they are made on its first day, before anything else is sold."""

    gifts: list[str] = field(default_factory=list)
    """Of certificates, `OWN` for each store."""
    codes: list[str] = field(default_factory=list)
    """Of nobody, `CODES` for each store."""
    personal: dict[int, str] = field(default_factory=dict)
    """By customer."""
    coupons: list[str] = field(default_factory=list)
    """As tills have printed them."""

    def make_gifts(self, centre: Centre, stores: list[str]) -> None:
        """Make the certificates; one of every store is leased to it once it is sold."""
        for store in stores:
            for count, bound in ((BOUND, store), (OWN - BOUND, "")):
                wanted = issuing.Order(count, NOMINAL_MINOR, store=bound)
                batch = issuing.make(centre, issuing.order(centre, wanted).no)
                release(centre, batch.no)
                self.gifts += [sheet.code for sheet in issuing.sheets(centre, batch.no)]

    def make_codes(self, centre: Centre, count: int, owners: dict[int, Any]) -> list[Points]:
        """Make codes of nobody, and one for each member by customer; return their lots."""
        self.codes = self._codes(centre, CodeOrder(CAMPAIGN, count))
        if owners:
            told = self._codes(centre, CodeOrder(CAMPAIGN, owners=tuple(owners.values())))
            self.personal = dict(zip(owners, told, strict=True))
        return [use_of(centre.keys.index, code) for code in (*self.codes, *self.personal.values())]

    def _codes(self, centre: Centre, wanted: CodeOrder) -> list[str]:
        batch = campaigns.make(centre, campaigns.order(centre, wanted).no)
        return [sheet.code for sheet in campaigns.sheets(centre, batch.no)]


def use_of(index_key: bytes, code: str) -> Points:
    """Return the one use of a promo code."""
    index = blind_index(index_key, IdentifierKind.CODE, plain_token(code))
    account = bearer_account(Bearer.CODE, index)
    return Points(bearer_lot(account).hex, account.hex, 1)


def plan(seed: int, stores: int, days: int, opens: list[int], open_s: int) -> list[Draft]:
    """Return what is done with them; `opens` is when each store opens on the first day.

    It is drawn apart, so that the rest of a run stays as it is.
    """
    return _Plan(random.Random(f"carried/{seed}"), stores, days, opens, open_s).drafts()


class _Plan:
    def __init__(
        self, chance: random.Random, stores: int, days: int, opens: list[int], open_s: int
    ) -> None:
        self.chance, self.stores, self.days = chance, stores, days
        self.opens, self.open_s = opens, open_s
        self.made: list[Draft] = [(3, "carry", -1, {})]

    def drafts(self) -> list[Draft]:
        for no in range(self.stores * OWN):
            self._gift(no, no // OWN)
        for no in range(self.stores * CODES):
            self._code(no)
        for _ in range(self.stores * self.days):
            for carried in ({"own": True}, {"coupon": True}):
                store = self._store()
                self._sell(self._opening(store), store, **carried)
        return self.made

    def _gift(self, no: int, store: int) -> None:
        """Sell a certificate, sometimes in two stores; pay with it in some, or bring it back."""
        chance, at_s = self.chance, self._opening(store)
        sold = self._sell(at_s, store, gift=no)
        if chance.random() < TWICE:
            self._sell(at_s + chance.randrange(RUSH_S), self._store(), gift=no)
        else:
            self._bring_back(at_s, store, sold)
        for _ in range(2):
            pays_s = at_s + chance.randrange(600, DAY_S)
            where = chance.choice((store, self._store()))
            name = self._sell(pays_s, where, certificates=[no])
            self._bring_back(pays_s, where, name)

    def _code(self, no: int) -> None:
        """Try a code in two stores, at nearly the same time."""
        store = self._store()
        at_s = self._opening(store)
        self._sell(at_s, store, codes=[no])
        self._sell(at_s + self.chance.randrange(RUSH_S), self._store(), codes=[no])

    def _sell(self, at_s: int, store: int, **carried: Any) -> str:
        """Sell something; return the receipt's name."""
        chance = self.chance
        name = f"carried {len(self.made)}"
        skus = chance.choices(("CHEESE", "OPENER", "WINE"), (6, 2, 6), k=2)
        items = [[sku, PIECE * chance.randrange(1, 3)] for sku in dict.fromkeys(skus)]
        how = {"redeem": "none", "share": 1.0, "reserve": chance.random() < RESERVED}
        who = {"customer": chance.randrange(self.stores) if chance.random() < KNOWN else None}
        what = {"receipt": name, "items": items, **who, **how, **carried}
        self.made.append((at_s, "sell", store, what))
        end = "cancel" if chance.random() < CANCELLED else "pay"
        self.made.append((at_s + chance.randrange(1, 600), end, store, {"receipt": name}))
        for do, args in (("push", {}), ("pull", {"tail": True})):
            if chance.random() < SYNCED:
                self.made.append((at_s + chance.randrange(900), do, store, args))
        return name

    def _bring_back(self, at_s: int, store: int, receipt: str) -> None:
        """Bring goods back, often elsewhere; the slip is at hand when nothing is kept."""
        if self.chance.random() < BACK:
            where, share = (
                self.chance.choice((store, self._store())),
                self.chance.choice((0.5, 1.0)),
            )
            later_s = at_s + self.chance.randrange(700, DAY_S)
            what = {"receipt": receipt, "share": share, "slip": share == 1.0}
            self.made.append((later_s, "return", where, what))

    def _store(self) -> int:
        return self.chance.randrange(self.stores)

    def _opening(self, store: int) -> int:
        """Return a second at which a store is open."""
        day = self.chance.randrange(self.days)
        return max(11, self.opens[store] + day * DAY_S + self.chance.randrange(self.open_s))
