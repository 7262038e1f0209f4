"""What every act of the story works with, and the moves that acts have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from demo.stage.control import Paper
from demo.stage.estate import Estate, Shop
from demo.stage.paper import mark_of
from demo.stage.patience import LONG_S, SHORT_S
from demo.story.notebook import Document, Kind, Moved, Notebook
from demo.story.progress import Progress
from shared.points import format_points

Json = dict[str, Any]
ONE = 1000
CONSENT = "2026-09"


@dataclass(slots=True)
class Person:
    """A customer: what he says at the till, and the card that he got there."""

    name: str
    phone: str
    card: str = ""


@dataclass(frozen=True, slots=True)
class Basket:
    """What lies on the counter: thousandths by sku, and points (hundredths) to pay with."""

    goods: Mapping[str, int]
    points: int = 0


@dataclass(frozen=True, slots=True)
class Sale:
    """A committed sale and the request that committed it, so that it can be sent again."""

    document: Document
    reserved: Json
    committed: Json
    commit_uid: UUID
    commit_body: Json


@dataclass(slots=True)
class Play:
    """The chain, the notebook and the people of one run."""

    estate: Estate
    progress: Progress
    notebook: Notebook = field(default_factory=Notebook)
    ivan: Person = field(default_factory=lambda: Person("Иван Соколов", "+7 916 123-45-67"))
    sales: dict[str, Sale] = field(default_factory=dict)
    """By the name that the story gives them."""
    fiscal_count: int = 0

    @property
    def a(self) -> Shop:
        """Return store A."""
        return self.estate.shops["A"]

    @property
    def b(self) -> Shop:
        """Return store B."""
        return self.estate.shops["B"]

    def register(self, shop: Shop, person: Person, name: str) -> Json:
        """Register a person under the name that the cashier types in."""
        body = {"name": name, "phone": person.phone, "consent": CONSENT, "till": "1"}
        told = shop.till.post("/v1/members", body)
        member = str(told["member"]["id"])
        if told["state"] == "provisional":
            new = Document(Kind.REGISTRATION, shop.code, member, told["card"], person.name)
            self.notebook.add(new)
        return told

    def member(self, shop: Shop, identifier: str) -> Json | None:
        """Find the only member behind a card or phone; None if there is none, or several."""
        found = shop.till.find(identifier)
        return found[0] if len(found) == 1 else None

    def body(self, shop: Shop, basket: Basket, member: Json | None) -> Json:
        """Write a receipt down as a till sends it."""
        body: Json = {
            "uid": str(shop.till.uid()),
            "till": shop.till.number,
            "lines": [
                {"no": no, "sku": sku, "quantity": quantity}
                for no, (sku, quantity) in enumerate(basket.goods.items(), start=1)
            ],
        }
        if member is not None:
            body["member"] = member["ref"]
        if basket.points:
            body["redeem"] = {"mode": "exact", "points": basket.points}
        return body

    def price(self, shop: Shop, body: Json) -> Json:
        """Quote a receipt and remember the answer."""
        told = shop.till.ask("/v1/quotes", body)
        self.notebook.evaluations.append(told)
        return told

    def sell(self, shop: Shop, basket: Basket, member: Json | None, person: str = "") -> Sale:
        """Quote, reserve and commit; raises TillRefusedError, and then nothing is sold."""
        body = self.body(shop, basket, member)
        quoted = self.price(shop, body)
        route = f"/v1/receipts/{body['uid']}"
        reserved = shop.till.post(f"{route}/reserve", {"receipt": body, "digest": quoted["digest"]})
        self.notebook.evaluations.append(reserved)
        return self.commit(shop, reserved, person)

    def commit(self, shop: Shop, reserved: Json, person: str) -> Sale:
        """Take the money and commit a reserved receipt."""
        self.fiscal_count += 1
        payable = reserved["totals"]["payable_minor"]
        cash = min(payable, 500_00)
        tenders = [
            {"kind": kind, "amount_minor": amount}
            for kind, amount in (("cash", cash), ("card", payable - cash))
            if amount
        ]
        body = {"fiscal_number": f"{self.fiscal_count:06d}", "tenders": tenders}
        uid = shop.till.uid()
        receipt = str(reserved["receipt"])
        told = shop.till.post(f"/v1/receipts/{receipt}/commit", body, uid)
        totals = reserved["totals"]
        document = Document(
            kind=Kind.SALE,
            shop=shop.code,
            uid=receipt,
            mark=receipt,
            person=person,
            fact=told["fact"],
            seq=told["seq"],
            moved=Moved(redeemed=totals["redeemed_points"], earned=totals["earned_points"]),
        )
        self.notebook.add(document)
        self.notebook.receipts.append((reserved, payable))
        return Sale(document, reserved, told, uid, body)

    def slip(self, shop: Shop, mark: str) -> Paper:
        """Wait for the slip that is known by a card, a receipt or a fiscal number."""

        def look() -> Paper | None:
            found = [paper for paper in shop.counter.slips() if mark_of(paper) == mark]
            return found[0] if found else None

        return self.estate.patience.until(
            f"the slip of {mark} leaves the printer of {shop.code}", look, SHORT_S
        )

    def shown(self, shop: Shop, points: int) -> Json:
        """Wait until a store shows Ivan with so many active points, and return him."""
        seen: list[object] = []

        def look() -> Json | None:
            member = self.member(shop, self.ivan.card)
            seen[:] = [member and member["balance_points"]]
            return member if member and member["balance_points"] == points else None

        return self.estate.patience.until(
            f"store {shop.code} shows {format_points(points)} points",
            look,
            LONG_S,
            last=lambda: f"It shows {seen}.",
        )


def points(amount: int) -> str:
    """Write points for people, without needless hundredths."""
    return format_points(amount).removesuffix(",00")
