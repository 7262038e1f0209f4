"""An agent's journal in memory: facts chained, counted and signed as a real agent does it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from central.agents.store import Agent, insert_agent
from central.centre import Centre, keys_from
from central.ingest import service as ingest
from central.leases import service as leases
from central.settings import Settings
from shared.basket import Goods, Line
from shared.clock import tick
from shared.crypto.blind import IdentifierKind, blind_index
from shared.crypto.chain import GENESIS
from shared.crypto.keys import KeyPair
from shared.crypto.requests import SignedRequest, sign
from shared.ids import account_lot, derived, once_lot, uuid7
from shared.ledger.entries import lot_id
from shared.member import MemberView, PhoneRole
from shared.receipt import Receipt
from shared.rules.moment import Moment
from shared.rules.result import Draw, Evaluation, Redemption, Totals
from shared.runtime.sqlite import Synchronous, open_engine, transaction
from shared.wire.agents import LeaseAnswer, LeaseAsk, LotWish
from shared.wire.codec import encode, pack
from shared.wire.facts import (
    Birth,
    Body,
    EditedField,
    EditedPerson,
    Envelope,
    Fact,
    FactKind,
    Granted,
    Issued,
    LeaseAsked,
    LeaseGivenBack,
    LeaseMove,
    LotActivated,
    MemberEdited,
    MemberRegistered,
    PassUse,
    ReceiptCancelled,
    ReceiptCommitted,
    RegisteredPerson,
    seal,
)
from shared.wire.push import Head, Outcome, PushAnswer, PushBatch, head_bytes
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedLine
from tests.central.app.kit import SetClock

PIECE = 1000
NOTHING: Mapping[str, UUID] = MappingProxyType({})


@dataclass(frozen=True)
class Person:
    """A member as his store wrote him down."""

    member: UUID
    account: UUID
    name: str
    phone: str
    card: str


@dataclass(frozen=True)
class Sold:
    """A sale's receipt and its lots."""

    fact: Fact
    uid: UUID
    lots: tuple[UUID, ...]
    body: ReceiptCommitted


@dataclass
class Journal:
    """One agent of a store with its whole journal."""

    centre: Centre
    clock: SetClock
    store: str
    keys: KeyPair
    agent: UUID
    chance: random.Random
    epoch: int = 1
    facts: list[Fact] = field(default_factory=list)
    gone: dict[UUID, int] = field(default_factory=dict)
    hlc: int = 0
    nonces: count = field(default_factory=count)  # type: ignore[type-arg]

    def new_id(self) -> UUID:
        return uuid7(self.clock.now(), self.chance)

    def twin(self) -> "Journal":
        """A clone of the disk: the same journal, which goes on differently."""
        chance = random.Random(self.chance.random())
        return Journal(
            self.centre,
            self.clock,
            self.store,
            self.keys,
            self.agent,
            chance,
            self.epoch,
            list(self.facts),
            dict(self.gone),
            self.hlc,
            count(10**6),
        )

    def stamp(self) -> int:
        self.hlc = tick(self.hlc, self.clock.now())
        return self.hlc

    def move(self, lot: UUID, account: UUID, drawn: int = 0, given_back: int = 0) -> LeaseMove:
        self.gone[lot] = self.gone.get(lot, 0) + drawn + given_back
        return LeaseMove(lot, account, drawn, given_back, self.gone[lot])

    def append(
        self,
        kind: FactKind | str,
        body: Body | bytes,
        envelope: Envelope | None = None,
        **more: bytes,
    ) -> Fact:
        last = self.facts[-1] if self.facts else None
        fact = seal(
            Fact(
                agent=self.agent,
                epoch=self.epoch,
                seq=len(self.facts) + 1,
                id=self.new_id(),
                hlc=self.stamp(),
                kind=str(kind),
                prev_hash=last.hash if last else GENESIS,
                hash=b"",
                envelope=encode(envelope or Envelope()),
                body=body if isinstance(body, bytes) else encode(body),
                personal=more.get("personal", b""),
            )
        )
        self.facts.append(fact)
        return fact

    def register(
        self,
        name: str = "Анна Петрова",
        phone: str = "+79161234567",
        card: str = "",
        *,
        welcome: int = 0,
        kept: int = 0,
        lot: UUID | None = None,
        referrer: UUID | None = None,
        birthday: date | None = None,
        role: PhoneRole = PhoneRole.OWN,
    ) -> tuple[Person, Fact]:
        card = card or f"29{self.chance.randrange(10**11):011d}"
        own, other = (phone, "") if role is PhoneRole.OWN else ("", phone)
        person = Person(self.new_id(), self.new_id(), name, own, card)
        key = self.centre.keys.index
        body = MemberRegistered(
            member=person.member,
            account=person.account,
            card_index=blind_index(key, IdentifierKind.CARD, card),
            card_tail=card[-4:],
            phone_index=blind_index(key, IdentifierKind.PHONE, own) if own else b"",
            consent="v1",
            cashier="1",
            at=self.clock.now(),
            day=self.day,
            granted=(self._once(person, welcome, lot),) if welcome else (),
            referrer=referrer,
            other_phone_index=blind_index(key, IdentifierKind.PHONE, other) if other else b"",
            phone_role=role.value,
        )
        births = tuple(Birth(one.lot, one.account, one.amount, kept) for one in body.granted)
        personal = encode(RegisteredPerson(b"s" * 16, name, own, card, birthday, other))
        envelope = Envelope(births=births)
        return person, self.append(FactKind.MEMBER_REGISTERED, body, envelope, personal=personal)

    def edit(
        self,
        person: Person,
        replaces: Mapping[str, UUID] = NOTHING,
        *,
        account: UUID | None = None,
        **values: Any,
    ) -> UUID:
        """A profile edited: its fields by their names, and what the till saw of them; return the
        version of each."""
        key = self.centre.keys.index
        phone = values.get("phone", "")
        body = MemberEdited(
            uid=self.new_id(),
            member=person.member,
            fields=tuple(EditedField(one, replaces.get(one)) for one in sorted(values)),
            phone_index=blind_index(key, IdentifierKind.PHONE, phone) if phone else b"",
            cashier="7",
            at=self.clock.now(),
            account=account,
        )
        personal = encode(EditedPerson(b"s" * 16, **values))
        return self.append(FactKind.MEMBER_EDITED, body, personal=personal).id

    def _once(self, person: Person, amount: int, lot: UUID | None) -> Granted:
        return Granted(
            effect_no=0,
            lot=lot or self.welcome(person),
            account=person.account,
            wallet="bonus",
            kind="welcome",
            rule="rule",
            amount=amount,
            activates_at=self.clock.now(),
            expires_on=None,
            person=self.person_of(person),
        )

    def person_of(self, person: Person) -> str:
        """Who a member is for what he gets once."""
        return self.view(person).person_key

    def welcome(self, person: Person) -> UUID:
        """The lot that a person gets once by the rule of these sales."""
        return account_lot(self.once(person), person.account)

    def once(self, person: Person) -> UUID:
        """What stands for that, whichever of his accounts gets it."""
        return once_lot("rule", self.person_of(person), "")

    def view(self, person: Person, friend: Person | None = None) -> MemberView:
        """A member as his store sees him."""
        key = self.centre.keys.index
        phone = blind_index(key, IdentifierKind.PHONE, person.phone) if person.phone else b""
        referrer = friend.account if friend else None
        return MemberView(person.member, person.account, person=phone, referrer=referrer)

    @property
    def day(self) -> date:
        return self.clock.now().date()

    def sell(
        self,
        person: Person | None,
        *,
        earn: Sequence[int] = (),
        kept: int | None = None,
        spend: Sequence[tuple[UUID, int]] = (),
        turnover: int = 100_00,
        kind: str = "purchase",
        lots: Sequence[UUID] = (),
        ends: Sequence[UUID] = (),
        expires_on: date | None = None,
        activates_at: datetime | None = None,
        uid: UUID | None = None,
        friend: Person | None = None,
        issued: Sequence[Issued] = (),
        paid: Sequence[Draw] = (),
        wallet: str = "bonus",
        by_pass: PassUse | None = None,
        pack_hash: str = "",
    ) -> Sold:
        """A sale that earns lots (each kept whole unless told) and spends of lots.

        What it earns goes to the friend who brought the buyer, if one is named. It brings what is
        issued to life, and draws what certificates have paid.
        """
        uid = uid or self.new_id()
        account = person.account if person else UUID(int=0)
        taker = friend.account if friend else account
        granted = tuple(
            Granted(
                effect_no=no,
                lot=lots[no] if lots else lot_id(uid, no, taker),
                account=taker,
                wallet=wallet,
                kind=kind,
                rule="rule",
                amount=amount,
                activates_at=activates_at or self.clock.now(),
                expires_on=expires_on,
                person=self.person_of(person) if person and kind == "welcome" else "",
            )
            for no, amount in enumerate(earn)
        )
        draws = tuple(Draw(lot, account, amount) for lot, amount in spend)
        body = ReceiptCommitted(
            receipt=Receipt(
                uid,
                self.store,
                "1",
                (Line(1, Goods("sku"), 3 * PIECE, 100_00),),
                member=person.member if person else None,
            ),
            member=self.view(person, friend) if person else None,
            moment=Moment(self.clock.now(), "Europe/Moscow"),
            evaluation=_evaluation(draws, turnover, pack_hash),
            result_hash="",
            granted=granted,
            tenders=(),
            fiscal_number="1",
            cashier="1",
            at=self.clock.now(),
            day=self.day,
            slip_token_hash=bytes(32),
            bearers=tuple(paid),
            issued=tuple(issued),
        )
        envelope = Envelope(
            (
                *(self.move(lot, account, drawn=amount) for lot, amount in spend),
                *(self.move(one.lot, one.account, drawn=one.amount) for one in paid),
            ),
            (
                *(
                    Birth(lot.lot, taker, lot.amount, lot.amount if kept is None else kept)
                    for lot in granted
                ),
                *(Birth(one.lot, one.account, one.amount, 0) for one in issued),
            ),
            tuple(ends),
            by_pass,
        )
        fact = self.append(FactKind.RECEIPT_COMMITTED, body, envelope)
        return Sold(fact, uid, tuple(lot.lot for lot in granted), body)

    def take_back(
        self,
        sold: Sold,
        *,
        restored: Sequence[tuple[UUID, int]] = (),
        taken: Sequence[tuple[UUID, int]] = (),
        given: Sequence[tuple[UUID, int]] = (),
        turnover: int = 0,
        quantity: int = PIECE,
        withheld: Sequence[tuple[UUID, int]] = (),
        forgives: bool = False,
        refilled: Sequence[Draw] = (),
        revoked: Sequence[Draw] = (),
        reached: Sequence[tuple[UUID, int]] = (),
        kept: Sequence[tuple[UUID, int]] = (),
        grace_days: int | None = 14,
    ) -> Fact:
        """A return of one line, wherever the goods were sold."""
        member = sold.body.member
        account = member.account if member else UUID(int=0)
        takers = {lot.lot: lot.account for lot in sold.body.granted}
        body = ReceiptReturned(
            uid=self.new_id(),
            sale=sold.uid,
            lines=(ReturnedLine(1, quantity, 0, 0, 0, turnover),),
            restored=tuple(Draw(lot, account, amount) for lot, amount in restored),
            taken=tuple(Draw(lot, takers.get(lot, account), amount) for lot, amount in taken),
            money_minor=0,
            turnover_minor=turnover,
            member=member.id if member else None,
            cashier=f"of {self.store}",
            at=self.clock.now(),
            day=self.day,
            withheld=tuple(Draw(lot, takers.get(lot, account), amount) for lot, amount in withheld),
            forgives=forgives,
            refilled=tuple(refilled),
            revoked=tuple(revoked),
            reached=tuple(Draw(lot, account, amount) for lot, amount in reached),
            kept=tuple(Draw(lot, takers.get(lot, account), amount) for lot, amount in kept),
            grace_days=grace_days,
        )
        moves = tuple(self.move(lot, account, given_back=amount) for lot, amount in given)
        return self.append(FactKind.RECEIPT_RETURNED, body, Envelope(moves))

    def void(self, sold: Sold, *, given: Sequence[tuple[UUID, int]] = ()) -> Fact:
        """A sale undone, wherever it was made."""
        member = sold.body.member
        account = member.account if member else UUID(int=0)
        totals = sold.body.evaluation.totals
        line = sold.body.receipt.lines[0]
        body = ReceiptVoided(
            uid=self.new_id(),
            sale=sold.uid,
            lines=(ReturnedLine(1, line.quantity, 0, 0, 0, totals.turnover_minor),),
            restored=sold.body.evaluation.redemption.draws,
            taken=tuple(Draw(lot.lot, lot.account, lot.amount) for lot in sold.body.granted),
            money_minor=0,
            turnover_minor=totals.turnover_minor,
            member=member.id if member else None,
            cashier=f"of {self.store}",
            till="1",
            reason="",
            at=self.clock.now(),
            day=self.day,
            refilled=sold.body.bearers,
        )
        moves = tuple(self.move(lot, account, given_back=amount) for lot, amount in given)
        return self.append(FactKind.RECEIPT_VOIDED, body, Envelope(moves))

    def give_back(self, account: UUID, *amounts: tuple[UUID, int]) -> Fact:
        moves = tuple(self.move(lot, account, given_back=amount) for lot, amount in amounts)
        body = LeaseGivenBack("recalled", self.clock.now())
        return self.append(FactKind.LEASE_GIVEN_BACK, body, Envelope(moves))

    def cancel(self, account: UUID, asks: Sequence[UUID], *amounts: tuple[UUID, int]) -> Fact:
        moves = tuple(self.move(lot, account, given_back=amount) for lot, amount in amounts)
        body = ReceiptCancelled(self.new_id(), self.clock.now())
        return self.append(FactKind.RECEIPT_CANCELLED, body, Envelope(moves, (), tuple(asks)))

    def activate(self, account: UUID, lot: UUID) -> Fact:
        body = LotActivated(self.new_id(), lot, account, "asked", "1", self.clock.now())
        return self.append(FactKind.LOT_ACTIVATED, body)

    def note_ask(self, request: LeaseAsk) -> Fact:
        body = LeaseAsked(
            request.ask, request.receipt, request.account, request.amount, self.clock.now()
        )
        return self.append(FactKind.LEASE_ASKED, body)

    def rewrite(self, seq: int, /, **fields: object) -> Fact:
        """Damage a fact on the disk: its bytes change, its hash does not."""
        self.facts[seq - 1] = replace(self.facts[seq - 1], **fields)
        return self.facts[seq - 1]

    def batch(self, first: int = 1, last: int | None = None) -> PushBatch:
        facts = tuple(self.facts[first - 1 : last])
        head = Head(self.agent, self.epoch, first + len(facts) - 1, self._tip(facts))
        return PushBatch(head, self.keys.sign(head_bytes(head)), facts)

    def _tip(self, facts: Sequence[Fact]) -> bytes:
        """The hash that the journal's next fact vouches for, whatever became of the last one."""
        last = facts[-1]
        following = self.facts[last.seq : last.seq + 1] if last in self.facts else []
        return following[0].prev_hash if following else last.hash

    def push(self, first: int = 1, last: int | None = None) -> PushAnswer:
        return self.send(self.batch(first, last))

    def send(self, batch: PushBatch) -> PushAnswer:
        return ingest.push(self.centre, self.signed("/v1/facts", pack(batch)))

    def push_new(self) -> list[Outcome]:
        """Send what the centre does not have yet; return the outcomes."""
        answer = self.push(1)
        return list(answer.outcomes)

    def ask(
        self,
        account: UUID,
        amount: int,
        ask: UUID | None = None,
        lots: Sequence[tuple[UUID, int]] = (),
    ) -> tuple[LeaseAsk, LeaseAnswer]:
        request = LeaseAsk(
            ask or self.new_id(),
            self.agent,
            self.epoch,
            UUID(int=7),
            account,
            amount,
            tuple(LotWish(*one) for one in lots),
        )
        signed = self.signed("/v1/leases/asks", encode(request))
        return request, leases.ask(self.centre, signed)

    def signed(self, target: str, body: bytes) -> SignedRequest:
        nonce = f"n{next(self.nonces)}"
        created = self.clock.now()
        headers = sign("POST", target, body, self.keys, created=created, nonce=nonce)
        return SignedRequest("POST", target, headers, body)


def _evaluation(draws: tuple[Draw, ...], turnover: int, pack_hash: str) -> Evaluation:
    redeemed = sum(draw.amount for draw in draws)
    return Evaluation(
        pack_hash=pack_hash,
        lines=(),
        totals=Totals(turnover, 0, redeemed, redeemed, turnover, 0, turnover),
        effects=(),
        redemption=Redemption(redeemed, redeemed, redeemed, (), draws),
        grants=(),
        tier=None,
        tier_after=None,
        applied=(),
        rejected=(),
        hints=(),
        lots_read=(),
        fields_read=(),
        trace=(),
    )


def make_centre(url: str, clock: SetClock) -> Centre:
    """A centre on an empty database with its tables, without stores."""
    engine = open_engine(url, Synchronous.OFF)
    chance = random.Random(11)
    return Centre(engine, clock, chance, keys_from(chance), Settings(first_need=0), derived("life"))


def make_journal(centre: Centre, clock: SetClock, store: str) -> Journal:
    """Enrol an agent for a store, as the centre would."""
    chance = random.Random(f"journal {store}")
    keys = KeyPair.from_seed(chance.randbytes(32))
    agent = Agent(
        id=uuid7(clock.now(), chance),
        store=store,
        active_store=store,
        epoch=1,
        public_key=keys.public,
        card_block=chance.randrange(9999),
        version="0.1",
        last_seq=0,
        enrolled_at=clock.now(),
        fenced_at=None,
        seen_at=clock.now() - timedelta(hours=1),
    )
    with transaction(centre.engine) as connection:
        insert_agent(connection, agent)
    return Journal(centre, clock, store, keys, agent.id, chance)


NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
