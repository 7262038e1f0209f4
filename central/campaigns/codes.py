"""Unique promo codes at the centre: made in batches, given to members, revoked, counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.bearers import batches
from central.bearers import store as batch_store
from central.bearers.batches import PER_TRANSACTION, Progress, Sort
from central.bearers.minting import SEED_BYTES, Minted, index_of, minted
from central.bearers.records import record
from central.bearers.store import Batch, BatchState, Record
from central.campaigns import store
from central.campaigns.rows import batch_change, code_change
from central.campaigns.store import StoredCode, Usage
from central.centre import Centre
from central.feed import service as feed
from central.leases import service as leases
from central.leases.sizing import usual_stores
from central.ledger import service as ledger
from central.packs import service as packs
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.ledger.books import Books, Lot
from shared.ledger.entries import Document
from shared.ledger.postings import grant, want_back
from shared.receipt import CodeState
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.tokens import grouped, is_token, plain_token, tail_of
from shared.wire.rows import RowKind

USES = 1
"""Of a unique code."""
FOUND_MAX = 20
TAG_CHARS_MAX = 64

log = structlog.get_logger()


class UnknownCampaignError(LoyaltyError):
    """A campaign that no published pack has, or that has common words instead of unique codes."""

    kind = Kind.NOT_FOUND
    code = "unknown_campaign"
    ru = "Акции «{campaign}» с уникальными промокодами нет. Есть: {known}."
    en = "There is no campaign {campaign} of unique codes. There are: {known}."


class UnknownCodeError(LoyaltyError):
    """A code that no batch has."""

    kind = Kind.NOT_FOUND
    code = "unknown_code"
    ru = "Промокода {code} нет."
    en = "There is no promo code {code}."


class RevokedError(LoyaltyError):
    """A code or batch that was revoked, or a code that is used already."""

    kind = Kind.CONFLICT
    code = "code_ended"
    ru = "Отозвать нельзя: {what} в состоянии «{state}»."
    en = "It cannot be revoked: {what} is {state}."


@dataclass(frozen=True, slots=True)
class CodeOrder:
    """What a batch of promo codes is to be: of a campaign, good from its first day to its last.

    `channel` and `event` say where they are given out. With owners there is one code for each.
    """

    campaign: str
    count: int = 0
    channel: str = ""
    event: str = ""
    first_day: date | None = None
    last_day: date | None = None
    owners: tuple[UUID, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """A code's line on the list of its batch."""

    code: str
    owner: UUID | None


@dataclass(frozen=True, slots=True)
class CodeShown:
    """A code as a person sees it: which store may take it offline, what was done to it."""

    code: StoredCode
    batch: Batch | None
    holdings: tuple[tuple[str, int], ...]
    records: tuple[Record, ...]

    def state(self, day: date) -> CodeState:
        """Return where it is in its life on a day."""
        if self.batch is not None and self.code.state is CodeState.ACTIVE:
            if self.batch.state is BatchState.REVOKED:
                return CodeState.REVOKED
            if self.batch.expires_on is not None and self.batch.expires_on < day:
                return CodeState.EXPIRED
        return self.code.state


@dataclass(frozen=True, slots=True)
class CodeSummary:
    """A batch of codes and what became of them."""

    batch: Batch
    usage: dict[CodeState, Usage]


@retried
def order(centre: Centre, wanted: CodeOrder) -> Batch:
    """Write down a new batch, of which nothing is made yet; `make` fills it.

    Raises BadBatchError, UnknownCampaignError.
    """
    count = len(wanted.owners) or wanted.count
    _check(wanted, count)
    with transaction(centre.engine) as connection:
        _check_campaign(connection, wanted.campaign, centre.clock.now())
        batch = Batch(
            no=batch_store.new_batch_no(connection),
            bearer=Bearer.CODE,
            title=wanted.title,
            count=count,
            made=0,
            serial=0,
            seed=centre.chance.randbytes(SEED_BYTES),
            state=BatchState.MAKING,
            created_at=centre.clock.now(),
            expires_on=wanted.last_day,
            campaign=wanted.campaign,
            channel=wanted.channel,
            event=wanted.event,
            first_day=wanted.first_day,
        )
        store.insert_owners(connection, batch.no, wanted.owners)
        what = f"{count} codes of {wanted.campaign}"
        batches.order(connection, centre, batch, what)
    return batch


def make(centre: Centre, no: int, progress: Progress = lambda _done: None) -> Batch:
    """Make what is missing of a batch; stores take its codes once it is whole.

    Interrupted, it is called again and goes on. A code of a member is leased to his most usual
    store. Raises UnknownBatchError.
    """
    return batches.make(centre, no, SORT, progress)


def sheets(centre: Centre, no: int) -> Iterator[CodeSheet]:
    """Yield the list of a whole batch; raises UnknownBatchError, UnfinishedBatchError."""
    batch = batches.complete(centre, no, Bearer.CODE)
    for codes in batches.each(centre, no, SORT):
        for code in codes:
            yield CodeSheet(grouped(minted(centre, batch, code.serial).code), code.owner)


def revoke_batch(
    centre: Centre, no: int, reason: str, progress: Progress = lambda _done: None
) -> Batch:
    """Let no code of a batch be used any more; those that are used stay used.

    Stores are told at once; then what they hold is asked back, in pieces. Interrupted, it goes on
    when it is repeated. Raises UnknownBatchError.
    """
    batch = _end_batch(centre, batches.batch_of(centre, no, Bearer.CODE), reason)
    frozen = 0
    for codes in batches.each(centre, no, SORT):
        _freeze_some(centre, codes)
        frozen += len(codes)
        progress(frozen)
    log.warning("codes.revoked", batch=no, codes=frozen)
    return batch


@retried
def _end_batch(centre: Centre, batch: Batch, reason: str) -> Batch:
    with transaction(centre.engine) as connection:
        now = batch_store.batch(connection, batch.no)
        assert now is not None, "a batch is never deleted"
        if now.state is BatchState.REVOKED:
            return now
        ended = replace(now, state=BatchState.REVOKED)
        batch_store.move_batch(connection, ended)
        record(connection, centre, str(batch.no), "revoked", reason)
        feed.append(connection, [batch_change(ended)])
    return ended


@retried
def _freeze_some(centre: Centre, codes: Sequence[StoredCode]) -> None:
    with transaction(centre.engine) as connection:
        _freeze(connection, codes)


@retried
def revoke(centre: Centre, text: str, reason: str) -> CodeShown:
    """Let a code be used no more; raises UnknownCodeError, RevokedError."""
    with transaction(centre.engine) as connection:
        code = _find(connection, centre, text)
        if code.state is not CodeState.ACTIVE:
            raise RevokedError(what=f"…{code.tail}", state=code.state.value)
        code = replace(code, state=CodeState.REVOKED)
        store.change(connection, [code])
        record(connection, centre, code.index.hex(), "revoked", reason)
        feed.append(connection, [code_change(code)])
        _freeze(connection, [code])
        return _shown(connection, code)


def show(centre: Centre, text: str) -> CodeShown:
    """Return a code; raises UnknownCodeError."""
    with reading(centre.engine) as connection:
        return _shown(connection, _find(connection, centre, text))


def ending_with(centre: Centre, tail: str) -> list[StoredCode]:
    """Return some codes that end so."""
    with reading(centre.engine) as connection:
        return store.by_tail(connection, plain_token(tail), FOUND_MAX)


def summaries(centre: Centre) -> list[CodeSummary]:
    """Return all batches of codes, for a report by campaign, channel and event."""
    with reading(centre.engine) as connection:
        found = batch_store.batches(connection, Bearer.CODE)
        return [CodeSummary(batch, store.usage(connection, batch.no)) for batch in found]


def _check(wanted: CodeOrder, count: int) -> None:
    batches.check_count(count, wanted.title)
    days = (wanted.first_day, wanted.last_day)
    batches.check(
        *(
            (
                len(tag) <= TAG_CHARS_MAX and tag.isprintable(),
                f"метка не длиннее {TAG_CHARS_MAX} знаков",
                f"a tag of at most {TAG_CHARS_MAX} characters",
            )
            for tag in (wanted.channel, wanted.event)
        ),
        (
            None in days or days[0] <= days[1],  # type: ignore[operator]
            "последний день раньше первого",
            "a last day that is not before the first",
        ),
        (
            wanted.count in (0, count),
            "число кодов не равно числу владельцев",
            "as many codes as owners",
        ),
    )


def _check_campaign(connection: Connection, name: str, at: datetime) -> None:
    known = {
        campaign
        for pack in packs.live(connection, at)
        for campaign, terms in pack.codes.items()
        if not terms.words
    }
    if name not in known:
        raise UnknownCampaignError(campaign=name, known=", ".join(sorted(known)) or "—")


def _code(_centre: Centre, batch: Batch, one: Minted) -> StoredCode:
    account = bearer_account(Bearer.CODE, one.index)
    return StoredCode(one.index, account, batch.no, one.serial, tail_of(one.code))


def _insert(
    connection: Connection, centre: Centre, batch: Batch, new: Sequence[StoredCode]
) -> None:
    """Write new codes with their accounts; the rows of unused accounts are left out of the feed."""
    owners = store.owners(connection, batch.no, batch.made - len(new), len(new))
    if owners:
        new = [replace(code, owner=owner) for code, owner in zip(new, owners, strict=True)]
    store.insert_codes(connection, new)
    books = Books()
    document = Document(derived("batch", batch.no, batch.seed.hex()), centre.clock.now())
    for code in new:
        _open(books, code, document)
    _lease_to_owners(connection, centre, books, new)
    changes = ledger.save(connection, books)
    held = {lease.account for lease in books.leases.values() if lease.granted}
    feed.append(
        connection,
        [
            *(code_change(code) for code in new),
            *(
                change
                for change in changes
                if change.kind is not RowKind.ACCOUNT or UUID(bytes=change.key) in held
            ),
        ],
    )


def _open(books: Books, code: StoredCode, document: Document) -> None:
    books.open_bearer(code.account, document.at)
    lot = Lot(
        id=bearer_lot(code.account),
        account=code.account,
        wallet=Bearer.CODE,
        kind="code",
        rule="",
        document=document.uid,
        granted=USES,
        balance=0,
        free=0,
        held=0,
        activates_at=document.at,
        expires_on=None,
    )
    grant(books, lot, document, holder=None, kept=0)


def _lease_to_owners(
    connection: Connection, centre: Centre, books: Books, codes: Sequence[StoredCode]
) -> None:
    """Lease codes of members to the store where each shops most."""
    owners = {code.owner for code in codes if code.owner is not None}
    if not owners:
        return
    accounts = ledger.load(connection, (), members=owners)
    visits = leases.load_visits(connection, centre, accounts.accounts)
    by_member: dict[UUID, list[str]] = {}
    for owner in owners:
        own = {account.id for account in accounts.accounts_of(owner)}
        seen = [visit for visit in visits.by_key.values() if visit.account in own]
        by_member[owner] = usual_stores(seen)
    home = {
        bearer_lot(code.account): by_member[code.owner][0]
        for code in codes
        if code.owner is not None and by_member[code.owner]
    }
    leases.lease_to(connection, books, home)


def _freeze(connection: Connection, codes: Sequence[StoredCode]) -> None:
    """Lease nothing of codes any more, and ask holders to give them back."""
    books = ledger.load(connection, [code.account for code in codes])
    for code in codes:
        for lot in books.lots_of(code.account):
            lot.frozen = True
            want_back(books, lot, lot.balance - lot.free)
            books.touched.add(lot.account)
    changes = ledger.save(connection, books)
    feed.append(connection, [one for one in changes if one.kind is not RowKind.ACCOUNT])


def _find(connection: Connection, centre: Centre, text: str) -> StoredCode:
    plain = plain_token(text)
    code = store.by_index(connection, index_of(centre, Bearer.CODE, plain))
    if code is None or not is_token(plain):
        raise UnknownCodeError(code=text)
    return code


def _shown(connection: Connection, code: StoredCode) -> CodeShown:
    books = ledger.load(connection, [code.account])
    return CodeShown(
        code=code,
        batch=batch_store.batch(connection, code.batch),
        holdings=tuple(ledger.holdings(connection, books, code.account)),
        records=tuple(batch_store.records(connection, code.index.hex())),
    )


def _complete(connection: Connection, _centre: Centre, batch: Batch) -> None:
    feed.append(connection, [batch_change(batch)])


SORT: Sort[StoredCode] = Sort(
    bearer=Bearer.CODE,
    piece=lambda _batch: PER_TRANSACTION,
    card=_code,
    taken=store.taken,
    insert=_insert,
    complete=_complete,
    of_batch=store.of_batch,
)
