"""Whom a fact concerns: what its conflicts name, so that people find them by it."""

from collections.abc import Iterable, Iterator
from itertools import islice
from uuid import UUID

from central.conflicts.values import Party, Role, parties
from central.ingest.moved import restored_by, taken_by
from central.ingest.reading import Reading
from shared.wire.facts import (
    LeaseAsked,
    LotActivated,
    MemberEdited,
    MemberRegistered,
    ReceiptCommitted,
)
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided

ACCOUNTS_MAX = 20
"""Of one fact: a give-back may move the lots of many members."""


def concerned(reading: Reading) -> tuple[Party, ...]:
    """Return the fact, its documents, store and cashier, its member and the accounts it moves."""
    moved = dict.fromkeys(move.account for move in reading.envelope.moves)
    found = (
        *parties(Role.DOCUMENT, [reading.document]),
        *parties(Role.ACCOUNT, islice(moved, ACCOUNTS_MAX)),
        *told_by(reading.fact.id, reading.store, reading.body),
    )
    return tuple(dict.fromkeys(found))


def told_by(fact: UUID, store: str, body: object) -> tuple[Party, ...]:
    """Return whom a fact's body names, with the fact and its store."""
    receipt = [body.receipt.uid] if isinstance(body, ReceiptCommitted) else []
    return (
        *parties(Role.FACT, [fact]),
        *parties(Role.DOCUMENT, [*receipt, getattr(body, "sale", None)]),
        *parties(Role.STORE, [store]),
        *people(body),
        *cashiers(store, [getattr(body, "cashier", "")]),
    )


def cashiers(store: str, numbers: Iterable[str]) -> tuple[Party, ...]:
    """Return cashiers of a store, as far as they signed in."""
    return parties(Role.CASHIER, [f"{store}/{no}" for no in numbers if no])


def people(body: object) -> Iterator[Party]:
    """Yield the member whom a fact's body names, and whose accounts it moves."""
    if isinstance(body, ReceiptCommitted) and body.member is not None:
        yield from parties(Role.MEMBER, [body.member.id])
        yield from parties(Role.ACCOUNT, [body.member.account])
    elif isinstance(body, MemberRegistered | MemberEdited):
        yield from parties(Role.MEMBER, [body.member])
        yield from parties(Role.ACCOUNT, [body.account])
    elif isinstance(body, ReceiptReturned | ReceiptVoided):
        yield from parties(Role.MEMBER, [body.member])
        draws = (*restored_by(body), *taken_by(body))
        yield from parties(Role.ACCOUNT, dict.fromkeys(draw.account for draw in draws))
    elif isinstance(body, LotActivated | LeaseAsked):
        yield from parties(Role.ACCOUNT, [body.account])
