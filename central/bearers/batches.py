"""Batches of codes: ordered, made in pieces, gone on with when interrupted, listed when whole.

A list is the only place where a code is told: the centre keeps its blind index and its end.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Generic, Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from central.bearers import store
from central.bearers.minting import Minted, mint_from
from central.bearers.records import record
from central.bearers.store import Batch, BatchState
from central.centre import Centre
from shared.bearer import Bearer
from shared.errors import Kind, LoyaltyError
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

PER_TRANSACTION = 2_000
COUNT_MAX = 1_000_000
TITLE_CHARS_MAX = 100

log = structlog.get_logger()

Progress = Callable[[int], object]
"""Hears how many are done."""


class BadBatchError(LoyaltyError):
    """A batch that cannot be made: its numbers do not fit."""

    kind = Kind.INVALID
    code = "bad_batch"
    ru = "Партия не выпущена: {reason_ru}."
    en = "The batch is not made: {reason_en}."


class UnknownBatchError(LoyaltyError):
    """A number that no batch of this kind has."""

    kind = Kind.NOT_FOUND
    code = "unknown_batch"
    ru = "Партии {no} нет."
    en = "There is no batch {no}."


class UnfinishedBatchError(LoyaltyError):
    """A batch whose making was interrupted: no store knows of it."""

    kind = Kind.CONFLICT
    code = "unfinished_batch"
    ru = "Партия {no} выпущена не до конца: {made} из {count}. Продолжите: issue --resume {no}."
    en = "Batch {no} is not complete: {made} of {count}. Go on with issue --resume {no}."


class Card(Protocol):
    """What a code is of, by its blind index and its number in the batch."""

    @property
    def index(self) -> bytes:
        """The blind index of the code."""
        ...

    @property
    def serial(self) -> int:
        """The number in the batch."""
        ...


C = TypeVar("C", bound=Card)


@dataclass(frozen=True, slots=True)
class Sort(Generic[C]):
    """One sort of things that have codes: how one is made, kept and found."""

    bearer: Bearer
    piece: Callable[[Batch], int]
    """So many are made in one transaction."""
    card: Callable[[Centre, Batch, Minted], C]
    taken: Callable[[Connection, Iterable[bytes]], set[bytes]]
    insert: Callable[[Connection, Centre, Batch, Sequence[C]], None]
    complete: Callable[[Connection, Centre, Batch], None]
    of_batch: Callable[[Connection, int, int, int], list[C]]


def order(connection: Connection, centre: Centre, batch: Batch, what: str) -> None:
    """Write down a new batch, of which nothing is made yet."""
    store.insert_batch(connection, batch)
    record(connection, centre, str(batch.no), "ordered", what)


def check(*terms: tuple[bool, str, str]) -> None:
    """Raise BadBatchError for the first term that does not hold, with its reason twice told."""
    for holds, reason_ru, reason_en in terms:
        if not holds:
            raise BadBatchError(reason_ru=reason_ru, reason_en=reason_en)


def check_count(count: int, title: str) -> None:
    """Raise BadBatchError for a number or a title that no batch may have."""
    check(
        (
            0 < count <= COUNT_MAX,
            f"нужно от 1 до {COUNT_MAX} штук",
            f"from 1 to {COUNT_MAX} pieces",
        ),
        (
            len(title) <= TITLE_CHARS_MAX and title.isprintable(),
            f"название не длиннее {TITLE_CHARS_MAX} знаков",
            f"a title of at most {TITLE_CHARS_MAX} characters",
        ),
    )


def make(centre: Centre, no: int, sort: Sort[C], progress: Progress = lambda _done: None) -> Batch:
    """Make what is missing of a batch; interrupted, it is called again and goes on.

    Raises UnknownBatchError.
    """
    batch = batch_of(centre, no, sort.bearer)
    progress(batch.made)
    while batch.state is BatchState.MAKING:
        batch = _make_some(centre, batch, sort)
        progress(batch.made)
    log.info("batch.made", batch=no, bearer=sort.bearer, codes=batch.made)
    return batch


def each(centre: Centre, no: int, sort: Sort[C]) -> Iterator[list[C]]:
    """Yield what a batch has by pieces, in the order of their numbers."""
    after = 0
    while True:
        with reading(centre.engine) as connection:
            cards = sort.of_batch(connection, no, after, PER_TRANSACTION)
        if cards:
            yield cards
        if len(cards) < PER_TRANSACTION:
            return
        after = cards[-1].serial


def batch_of(centre: Centre, no: int, bearer: Bearer) -> Batch:
    """Return a batch of a kind; raises UnknownBatchError."""
    with reading(centre.engine) as connection:
        found = store.batch(connection, no)
    if found is None or found.bearer != bearer:
        raise UnknownBatchError(no=no)
    return found


def complete(centre: Centre, no: int, bearer: Bearer) -> Batch:
    """Return a batch that is whole; raises UnknownBatchError, UnfinishedBatchError."""
    batch = batch_of(centre, no, bearer)
    if batch.state is BatchState.MAKING:
        raise UnfinishedBatchError(no=no, made=batch.made, count=batch.count)
    return batch


@retried
def _make_some(centre: Centre, batch: Batch, sort: Sort[C]) -> Batch:
    """Make some codes of a batch; one whose index is taken is passed over.

    What is slow to make is made before the transaction; if somebody else has gone on with the batch
    meanwhile, nothing of it is written.
    """
    wanted = min(sort.piece(batch), batch.count - batch.made)
    cards = [sort.card(centre, batch, one) for one in islice(mint_from(centre, batch), wanted)]
    with transaction(centre.engine) as connection:
        now = store.batch(connection, batch.no)
        assert now is not None, "a batch is never deleted"
        if now.serial != batch.serial or now.state is not BatchState.MAKING:
            return now
        taken = sort.taken(connection, [card.index for card in cards])
        new = [card for card in cards if card.index not in taken]
        made = batch.made + len(new)
        state = BatchState.READY if made == batch.count else BatchState.MAKING
        moved = replace(batch, made=made, serial=batch.serial + len(cards), state=state)
        store.move_batch(connection, moved)
        sort.insert(connection, centre, moved, new)
        if state is BatchState.READY:
            record(connection, centre, str(batch.no), "made", f"{made} codes are made")
            sort.complete(connection, centre, moved)
    return moved
