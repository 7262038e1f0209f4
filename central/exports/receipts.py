"""Purchases and returns that count for members, those of before this programme too: by document."""

from collections.abc import Iterator
from datetime import UTC
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.estate import store as estates
from central.exports.members import MEMBERS_PER_READ, decimal
from central.imports import store as imports
from central.ingest.looking import stores_of
from central.ledger import service as ledger
from central.members import store

COLUMNS = ("number", "member", "at", "store", "total", "points")


def rows(connection: Connection) -> Iterator[list[str]]:
    """Yield what each member has bought and brought back, in the order of members and instants.

    `member` is the card or phone that he has stated; times are the store's own. Of what counts for
    another day than that of its instant, the day alone is written.
    """
    zones = {one.code: ZoneInfo(one.zone) for one in estates.stores(connection)}
    after: UUID | None = None
    while found := store.living_after(connection, after, MEMBERS_PER_READ):
        after = found[-1]
        books = ledger.load(connection, (), members=found)
        owners = {account.owner for account in books.accounts.values()}
        ways = {
            one.member: one.card.split(",")[0] or one.phone
            for one in store.persons(connection, owners)
        }
        done = ledger.turnovers(connection, books.accounts)
        documents = [one.document for one in done]
        stores = stores_of(connection, documents)
        past = imports.past_by_ids(connection, documents)
        done.sort(key=lambda one: (books.accounts[one.account].member, one.at, one.document))
        for one in done:
            before = past.get(one.document)
            store_code = before.store if before else stores.get(one.document, "")
            local = one.at.astimezone(zones.get(store_code, UTC))
            yield [
                before.number if before else str(one.document),
                ways.get(books.accounts[one.account].owner, ""),
                f"{local:%Y-%m-%d %H:%M:%S}" if local.date() == one.day else f"{one.day}",
                store_code,
                decimal(one.amount_minor),
                decimal(one.points),
            ]
