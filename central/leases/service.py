"""Leases at the centre: sized to a member's usual stores, asked for by one receipt, called back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from central.agents import roster
from central.agents.service import (
    AgentIdentity,
    FencedAgentError,
    UnknownAgentError,
    admitted,
    checked_proof,
)
from central.centre import Centre
from central.counted import ASKS
from central.estate import store as estate
from central.feed import service as feed
from central.leases import sizing, store
from central.ledger import service as ledger
from central.schema import Turn, share_turn
from shared.crypto.requests import SignedRequest
from shared.errors import Kind, LoyaltyError
from shared.ledger.books import Account, Books, Holder, Lot
from shared.ledger.leases import is_live
from shared.ledger.postings import raise_lease, want_back
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction
from shared.wire.agents import LeaseAnswer, LeaseAsk, LeaseRaise, decode_lease_ask

ONLINE_WITHIN = timedelta(seconds=10)
"""A holder heard since then can give back while a till waits; no other is asked."""
ASK_QUIET = timedelta(minutes=15)
"""So long after an ask that has not ended its member's leases are not sized: what comes back for
it would be leased away again before the store asks once more."""

log = structlog.get_logger()


class AskEndedError(LoyaltyError):
    """An ask whose receipt has ended; the end may have overtaken it."""

    kind = Kind.CONFLICT
    code = "ask_ended"
    ru = "Запрос {ask} уже завершён вместе с чеком."
    en = "Ask {ask} has ended with its receipt."


class OtherAskError(LoyaltyError):
    """An ask with the id of another one, or for nothing."""

    kind = Kind.CONFLICT
    code = "other_ask"
    ru = "Под номером {ask} уже был другой запрос, или в нём нет суммы."
    en = "Ask {ask} was another one before, or asks for nothing."


class UnknownAccountError(LoyaltyError):
    """An account that the centre has not heard of yet."""

    kind = Kind.NOT_FOUND
    code = "unknown_account"
    ru = "Счёт {account} ещё не известен центру."
    en = "Account {account} is not known at the centre yet."


class BarredError(LoyaltyError):
    """An agent whose journal has two branches: it gets leases in its next epoch only."""

    kind = Kind.FORBIDDEN
    code = "lease_barred"
    ru = "Журнал агента разошёлся с центром, лимиты не выдаются: {reason}."
    en = "The agent's journal differs from the centre's, no leases are given: {reason}."


@retried
def ask(centre: Centre, signed: SignedRequest) -> LeaseAnswer:
    """Lease a member's free points to the sender for one receipt; the same ask may be repeated.

    A repetition tops up to the asked amount. Holders that are online are asked to give back what
    is missing. A centre that was restored gives nothing until it knows what stores hold. Raises
    AskEndedError, OtherAskError, UnknownAccountError, BarredError, and as `authenticate` does.
    """
    proof = checked_proof(centre, signed)
    wanted = decode_lease_ask(signed.body)
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        sender = admitted(connection, proof, at)
        keep_roster(connection)
        _check_sender(connection, sender, wanted)
        _record(connection, wanted, at)
        before = store.given(connection, wanted.ask)
        books = ledger.load(connection, [wanted.account], lots=[one.lot for one in before])
        lots = _wanted(_spendable(connection, books, wanted.account, sender, at), wanted)
        if store.is_recovering(connection):
            lots = []
        given = _give(books, lots, wanted, before)
        store.upsert_given(connection, given)
        missing = wanted.amount - sum(one.given for one in given)
        recalling = _recall(connection, books, lots, sender, max(0, missing), at)
        answer = _answer(books, given, wanted, max(0, missing), recalling)
        feed.append(connection, ledger.save(connection, books))
    centre.counts.add(ASKS, _result(answer))
    log.info("lease.granted", ask=str(wanted.ask), missing=answer.missing, recalling=recalling)
    return answer


def _result(answer: LeaseAnswer) -> str:
    """Return how an ask ended; one that is `recalling` comes again until others have given back."""
    if answer.recalling:
        return "recalling"
    if not answer.raised:
        return "none"
    return "part" if answer.missing else "full"


def record_asks(connection: Connection, asks: Collection[store.Ask]) -> None:
    """Note asks that journals tell of; one that came directly stays as it is."""
    store.insert_asks(connection, asks)


def end_asks(connection: Connection, ended: Mapping[UUID, UUID]) -> None:
    """Note for ever that asks have ended, each with its fact; repeating is safe."""
    store.end_asks(connection, ended)


def keep_roster(connection: Connection) -> None:
    """Let nobody end an epoch or write a store off before this transaction ends, which leases.

    Take it before accounts are locked.
    """
    share_turn(connection, Turn.ROSTER)


def bar(connection: Connection, holder: Holder, reason: str, at: datetime) -> bool:
    """Give an agent's epoch no leases from now on; False if it was barred before."""
    return store.bar(connection, holder, reason, at)


def bar_of(connection: Connection, holder: Holder) -> str:
    """Return why an agent's epoch gets no leases; empty if it does."""
    return store.bars(connection, [holder]).get(holder, "")


@dataclass(slots=True)
class Visits:
    """Who bought where how often: loaded for the accounts of a transaction."""

    by_key: dict[tuple[UUID, str], sizing.Visit]
    changed: set[tuple[UUID, str]]
    first_need: int
    """As the settings have it."""

    def note(self, account: UUID, at_store: str, at: datetime, redeemed: int = 0) -> None:
        """Count a visit, in which so many hundredths of a point were redeemed."""
        key = (account, at_store)
        before = self.by_key.get(key, sizing.Visit(account, at_store, 0, at))
        self.by_key[key] = replace(
            before,
            receipts=before.receipts + 1,
            last_at=max(before.last_at, at),
            redeemed_most=max(before.redeemed_most, redeemed),
        )
        self.changed.add(key)


def load_visits(connection: Connection, centre: Centre, accounts: Iterable[UUID]) -> Visits:
    """Read the visits of accounts."""
    by_key = {(one.account, one.store): one for one in store.visits(connection, accounts)}
    return Visits(by_key, set(), centre.settings.first_need)


def save_visits(connection: Connection, visits: Visits) -> None:
    """Write visits that have changed."""
    store.upsert_visits(connection, [visits.by_key[key] for key in sorted(visits.changed)])


def size(
    connection: Connection, books: Books, visits: Visits, members: Collection[UUID], at: datetime
) -> None:
    """Lease free points of members to their usual stores, unless a receipt is being asked for."""
    if store.is_recovering(connection):
        return
    asked = store.asked_for(connection, books.accounts, at - ASK_QUIET)
    by_account: dict[UUID, list[sizing.Visit]] = {}
    for visit in visits.by_key.values():
        by_account.setdefault(visit.account, []).append(visit)
    usual: list[tuple[list[Account], list[str], int]] = []
    for member in sorted(members):
        accounts = books.accounts_of(member)
        if not asked.intersection(account.id for account in accounts):
            seen = [visit for account in accounts for visit in by_account.get(account.id, ())]
            needed = sizing.need(seen, visits.first_need)
            usual.append((accounts, sizing.usual_stores(seen), needed))
    known = holders(connection, {code for _, codes, _ in usual for code in codes})
    for accounts, codes, needed in usual:
        sizing.size(books, accounts, [known.get(code) for code in codes], at.date(), needed)


def lease_to(connection: Connection, books: Books, lots: Mapping[UUID, str]) -> None:
    """Lease all that is free of lots to the stores named for them, where these may hold leases."""
    if not lots:
        return
    known = holders(connection, set(lots.values()))
    for lot_id, code in sorted(lots.items()):
        lot, holder = books.lot(lot_id), known.get(code)
        if holder is not None and lot.free and not books.lease(lot, holder).closed:
            raise_lease(books, lot, holder, lot.free)


def holders(connection: Connection, stores: Collection[str]) -> dict[str, Holder]:
    """Return by store the agents that may hold leases; none while a restored centre waits."""
    if store.is_recovering(connection):
        return {}
    agents = roster.present(connection, stores)
    holders = {code: Holder(agent.id, agent.epoch) for code, agent in agents.items()}
    barred = store.bars(connection, holders.values())
    return {code: holder for code, holder in holders.items() if holder not in barred}


def heard(connection: Connection, agents: Collection[UUID], at: datetime) -> frozenset[Holder]:
    """Return which of these agents are online: they can give back now what they are asked for."""
    return frozenset(
        Holder(agent.id, agent.epoch)
        for agent in roster.by_ids(connection, agents).values()
        if agent.active_store is not None and at - agent.seen_at <= ONLINE_WITHIN
    )


def _check_sender(connection: Connection, sender: AgentIdentity, wanted: LeaseAsk) -> None:
    if wanted.agent != sender.agent:
        raise UnknownAgentError
    if wanted.epoch != sender.epoch:
        raise FencedAgentError(store=sender.store)
    if reason := bar_of(connection, Holder(sender.agent, sender.epoch)):
        raise BarredError(reason=reason)


def _record(connection: Connection, wanted: LeaseAsk, at: datetime) -> None:
    new = store.Ask(
        wanted.ask, wanted.agent, wanted.epoch, wanted.receipt, wanted.account, asked_at=at
    )
    store.insert_asks(connection, [new])
    kept = store.locked_ask(connection, wanted.ask)
    if kept.ended_by is not None:
        raise AskEndedError(ask=wanted.ask)
    if replace(kept, asked_at=at) != new or wanted.amount <= 0:
        raise OtherAskError(ask=wanted.ask)


def _spendable(
    connection: Connection, books: Books, account: UUID, sender: AgentIdentity, at: datetime
) -> list[Lot]:
    """Return the lots that the receipt may draw, in spending order.

    An account that joined by a claimed phone pays with its own lots only.
    """
    if account not in books.accounts:
        raise UnknownAccountError(account=account)
    asking = books.accounts[account]
    joined = asking.owner != asking.member
    accounts = [asking] if joined else books.accounts_of(asking.member)
    zone = estate.zone_of(connection, sender.store)
    day = at.astimezone(ZoneInfo(zone)).date() if zone else at.date()
    lots = [lot for one in accounts for lot in books.lots_of(one.id)]
    open_ = [lot for lot in lots if not lot.frozen]
    live = [lot for lot in open_ if is_live(lot.activates_at, lot.expires_on, at, day)]
    return sorted(live, key=lambda lot: lot.spending_order)


def _wanted(lots: Sequence[Lot], wanted: LeaseAsk) -> list[Lot]:
    """Return the lots that help the receipt, those that it named first: it may have named some that
    are spent by now, and others of their wallets do as well."""
    named = [wish.lot for wish in wanted.lots]
    wallets = {lot.wallet for lot in lots if lot.id in named}
    if not wallets:
        return list(lots)
    useful = [lot for lot in lots if lot.wallet in wallets]
    return sorted(useful, key=lambda lot: lot.id not in named)


def _give(
    books: Books, lots: Sequence[Lot], wanted: LeaseAsk, before: Sequence[store.Given]
) -> list[store.Given]:
    holder = Holder(wanted.agent, wanted.epoch)
    given = {one.lot: one for one in before}
    missing = wanted.amount - sum(one.given for one in before)
    named = {wish.lot: wish.amount for wish in wanted.lots}
    wishes = [(lot, named.get(lot.id, 0)) for lot in lots]
    for lot, most in (*wishes, *((lot, None) for lot in lots)):
        had = given.get(lot.id, store.Given(wanted.ask, lot.id, lot.account, 0))
        useful = max(missing, sizing.piece(lot)) if most is None else min(missing, most - had.given)
        more = min(useful, lot.free)
        if min(missing, more) > 0 and not books.lease(lot, holder).closed:
            raise_lease(books, lot, holder, more)
            given[lot.id] = replace(had, given=had.given + more)
            missing -= more
    return [given[lot] for lot in sorted(given)]


def _recall(
    connection: Connection,
    books: Books,
    lots: Sequence[Lot],
    sender: AgentIdentity,
    missing: int,
    at: datetime,
) -> int:
    """Ask holders that are online for what is missing; return how much of it is on its way."""
    if not missing:
        return 0
    leases = [lease for lot in lots for lease in books.leases_of(lot.id) if lease.left]
    online = heard(connection, {lease.agent for lease in leases} - {sender.agent}, at)
    coming = sum(
        min(lease.recalled, lease.left)
        for lease in leases
        if Holder(lease.agent, lease.epoch) in online
    )
    for lot in lots:
        coming += want_back(books, lot, max(0, missing - coming), online)
    return min(coming, missing)


def _answer(
    books: Books, given: Sequence[store.Given], wanted: LeaseAsk, missing: int, recalling: int
) -> LeaseAnswer:
    holder = Holder(wanted.agent, wanted.epoch)
    raised = tuple(
        LeaseRaise(one.lot, one.account, books.lease(books.lot(one.lot), holder).granted, one.given)
        for one in given
    )
    return LeaseAnswer(raised, missing, recalling)
