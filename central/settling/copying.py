"""All that is known of a member, for himself: what the law lets him ask for."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import Connection

from central.centre import Centre
from central.imports import store as imports
from central.ingest import looking
from central.ingest.values import KeptFact
from central.ledger import service as ledger
from central.settling.consents import said
from central.settling.lookup import show
from shared.errors import LoyaltyError
from shared.runtime.sqlite import reading
from shared.wire.facts import read_body

DOCUMENTS_PAGE: Final = 500
ENTRIES_MAX: Final = 100_000
"""Of one account: some hundred years of daily shopping."""


def profile_of(centre: Centre, member: UUID) -> dict[str, Any]:
    """Return who a member is, his accounts with every movement of points (hundredths), what he had
    agreed to and bought before, what was done to him by hand; raises UnknownMemberError.

    Of the accounts of a family, those that are his.
    """
    shown = show(centre, member)
    own = set(shown.own_accounts)
    shown = replace(shown, accounts=tuple(one for one in shown.accounts if one[0].id in own))
    told = to_builtins(shown, str_keys=True)
    with reading(centre.engine) as connection:
        told["entries"] = [
            to_builtins(entry)
            for account, _ in shown.accounts
            for entry in ledger.entries_of(connection, account.id, ENTRIES_MAX)
        ]
        accounts = [account.id for account, _ in shown.accounts]
        before = imports.past_of(connection, accounts, ENTRIES_MAX)
        told["receipts_before"] = [to_builtins(receipt) for receipt in before]
    told["consents"] = [to_builtins(word) for word in said(centre, member)]
    return {str(key): value for key, value in told.items()}


def receipts_of(centre: Centre, member: UUID) -> Iterator[dict[str, Any]]:
    """Yield what happened in stores with a member's accounts, as their facts say, a page at a time;
    on those of his family, what names himself."""
    shown = show(centre, member)
    own = set(shown.own_accounts)
    people = {str(one.id) for one in (shown.member, *shown.joined)}
    for account, _ in shown.accounts:
        after: UUID | None = None
        while True:
            with reading(centre.engine) as connection:
                page = ledger.documents_of(connection, account.id, after, DOCUMENTS_PAGE)
                found = list(_facts(connection, page))
            yield from (one for one in found if account.id in own or _names(one, people))
            if len(page) < DOCUMENTS_PAGE:
                break
            after = page[-1]


def _names(told: dict[str, Any], people: set[str]) -> bool:
    """Tell whether a fact is of one of these people: a sale names its member inside."""
    member = told.get("member")
    named = member.get("id") if isinstance(member, dict) else member
    return str(named) in people


def _facts(connection: Connection, documents: list[UUID]) -> Iterator[dict[str, Any]]:
    posted = {one.fact for one in looking.documents(connection, documents)}
    for kept in looking.facts(connection, {*posted, *documents}):
        yield {"kind": kept.kind, "store": kept.store, "fact": str(kept.id), **_body(kept)}


def _body(kept: KeptFact) -> dict[str, Any]:
    try:
        told: dict[str, Any] = to_builtins(read_body(kept.kind, kept.body))
    except LoyaltyError:  # of a kind that this version does not know
        return {"body": kept.body.hex()}
    return told
