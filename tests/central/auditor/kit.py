"""Receipts as stores price them with what they know: by the wine pack, over a view of their own.

By hand, of cheese (no card's discount) and of red wine (card's discount first):

  tier      from       cheese 10 000.00       wine 10 000.00
  start          0.00  3 % = 300 points       3 % off = 300.00, then 3 % of 9 700.00 = 291 points
  silver    50 000.00  5 % = 500 points       5 % off = 500.00, then 5 % of 9 500.00 = 475 points
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from uuid import UUID

from central.auditor import service as auditor
from central.auditor import store
from central.auditor.store import Audited, Sums
from central.centre import Centre
from central.ledger import service as ledger
from central.packs.service import publish
from shared.basket import Goods, Line
from shared.ledger.books import Lot
from shared.ledger.entries import lot_id
from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.canonical import result_hash
from shared.rules.compile import CompiledPack, compile_pack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.pack import canonical, pack_hash, read_pack
from shared.runtime.sqlite import reading
from shared.wire.facts import Birth, Envelope, Fact, FactKind, Granted, ReceiptCommitted
from tests.builders import wine_text
from tests.central.journal_builder import PIECE, Journal, Person

CHEESE = Goods("CHEESE", "Сыр", "delicacy/cheese")
WINE = Goods("WINE", "Вино", "wine/red")
MOSCOW = "Europe/Moscow"
THOUSAND = 1_000_00


@cache
def compiled(text: str = "") -> CompiledPack:
    pack = read_pack(text or wine_text())
    return compile_pack(pack, pack_hash=pack_hash(canonical(pack)))


@dataclass
class Shop:
    """A store that sells by a pack, with the turnover that it believes its customer to have."""

    journal: Journal
    pack: CompiledPack

    def sell(
        self,
        person: Person | None,
        thousands: int,
        goods: Goods = CHEESE,
        *,
        believed_minor: int = 0,
        at: datetime | None = None,
        **view: object,
    ) -> Fact:
        """Sell for so many thousands of rubles; the journal's clock is the instant."""
        seen = None
        if person is not None:
            known = self.journal.view(person)
            seen = replace(known, turnover_minor=believed_minor, **view)  # type: ignore[arg-type]
        return self.ring(person, seen, thousands, goods, at)

    def ring(
        self,
        person: Person | None,
        seen: MemberView | None,
        thousands: int,
        goods: Goods,
        at: datetime | None = None,
    ) -> Fact:
        now = at or self.journal.clock.now()
        line = Line(1, goods, PIECE, thousands * THOUSAND)
        member = None if person is None else person.member
        receipt = Receipt(self.journal.new_id(), self.journal.store, "1", (line,), member)
        moment = Moment(now, MOSCOW)
        evaluation = evaluate(self.pack, seen, receipt, moment)
        granted = tuple(
            Granted(
                effect_no=one.effect_no,
                lot=lot_id(receipt.uid, one.effect_no, seen.account if seen else UUID(int=0)),
                account=seen.account if seen else UUID(int=0),
                wallet=one.wallet,
                kind=one.kind,
                rule=one.rule,
                amount=one.amount,
                activates_at=one.activates_at,
                expires_on=one.expires_on,
            )
            for one in evaluation.grants
        )
        body = ReceiptCommitted(
            receipt=receipt,
            member=seen,
            moment=moment,
            evaluation=evaluation,
            result_hash=result_hash(evaluation),
            granted=granted,
            tenders=(),
            fiscal_number="1",
            cashier="1",
            at=now,
            day=moment.day,
            slip_token_hash=bytes(32),
        )
        return self.write(body)

    def write(self, body: ReceiptCommitted) -> Fact:
        births = tuple(Birth(lot.lot, lot.account, lot.amount, 0) for lot in body.granted)
        return self.journal.append(FactKind.RECEIPT_COMMITTED, body, Envelope(births=births))


def shop(centre: Centre, journal: Journal, text: str = "") -> Shop:
    publish(centre, text or wine_text())
    return Shop(journal, compiled(text))


def audit(centre: Centre) -> int:
    return auditor.run(centre, centre.clock.now())


def rows(centre: Centre) -> dict[UUID, Audited]:
    with reading(centre.engine) as connection:
        found = store.latest(connection, tuple(store.Verdict), "", 1000)
    return {row.fact: row for row in found}


def sums(centre: Centre) -> Sums:
    total = Sums()
    with reading(centre.engine) as connection:
        for one in store.sums_by(connection, "store").values():
            total = total.plus(one)
    return total


def promised(centre: Centre, person: Person) -> list[Lot]:
    """The lots that the audit has granted to a member."""
    with reading(centre.engine) as connection:
        books = ledger.load(connection, [person.account])
    return [lot for lot in books.lots_of(person.account) if lot.kind == "staleness"]
