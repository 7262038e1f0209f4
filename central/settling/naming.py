"""Names in the place of ids: what people call the receipts, facts and members of a record."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.conflicts.values import Conflict, Role, Sentence
from central.estate import store as estate
from central.ingest import looking
from central.ingest.loading import kept
from central.ingest.reading import Reading
from central.members import store as members
from shared.wire.facts import ReceiptCommitted

TAIL: Final = 8
_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


def tail(one: UUID) -> str:
    """Return the end of an id: enough to tell it from others of a page."""
    return str(one)[-TAIL:]


def told(text: str, named: Mapping[UUID, str]) -> str:
    """Return a sentence with names in the place of ids; two of one name are told apart by these."""

    def name_of(found: re.Match[str]) -> str:
        one = UUID(found[0])
        return f"{named[one]} (…{tail(one)})" if one in named else found[0]

    return _ID.sub(name_of, text)


def texts_of(found: Iterable[Conflict]) -> list[str]:
    """Return what records say."""
    return [one.sentence.en for one in found]


def papers(
    connection: Connection, texts: Iterable[str], facts: Iterable[UUID] = ()
) -> dict[UUID, Sentence]:
    """Return what documents and facts are called that texts name, or that facts are of.

    A document is called by what is printed on it, in its store's time; one that is not here is left
    out. Of two that have one id it is the one that is posted.
    """
    ids = {UUID(found) for text in texts for found in _ID.findall(text)}
    posted = {one.fact for one in looking.documents(connection, ids)}
    zones = {one.code: ZoneInfo(one.zone) for one in estate.stores(connection)}
    readings = kept(connection, {*ids, *facts, *posted})
    readings.sort(key=lambda one: one.fact.id in posted)
    return {key: name for one in readings for key, name in _named(one, zones)}


def _named(reading: Reading, zones: Mapping[str, ZoneInfo]) -> Iterator[tuple[UUID, Sentence]]:
    """Yield what a fact is called, and its document if it has one."""
    at = reading.at.astimezone(zones[reading.store]) if reading.store in zones else reading.at
    fact, body = reading.fact, reading.body
    yield fact.id, Sentence(f"{fact.seq} от {_day(at).ru}", f"{fact.seq} of {_day(at).en}")
    if reading.document is None:
        return
    number = till = ""
    if isinstance(body, ReceiptCommitted):
        number, till = body.fiscal_number, body.receipt.till
    paper = _of(number, at)
    yield (
        reading.document,
        Sentence(
            f"{paper.ru}, магазин {reading.store}{f', касса {till}' if till else ''}",
            f"{paper.en}, store {reading.store}{f', till {till}' if till else ''}",
        ),
    )


def _of(number: str, at: datetime) -> Sentence:
    day = _day(at)
    ru, en = (f"№ {number} ", f"no. {number} ") if number else ("", "")
    return Sentence(f"{ru}от {day.ru}", f"{en}of {day.en}")


def _day(at: datetime) -> Sentence:
    return Sentence(f"{at:%d.%m.%Y %H:%M}", f"{at:%Y-%m-%d %H:%M}")


def people(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return what members are called; of nobody for an id without a name."""
    found = members.members(connection, set(ids))
    return {one.id: one.display_name for one in found if one.display_name}


def cashiers(connection: Connection, named: Iterable[str]) -> dict[str, str]:
    """Return the names of cashiers, who are called as store/number."""
    wanted = {name.partition("/")[0] for name in named}
    return {
        f"{one.store}/{one.no}": one.name
        for store in sorted(wanted)
        for one in estate.cashiers_of(connection, store)
    }


def in_locale(named: Mapping[UUID, Sentence], locale: str) -> dict[UUID, str]:
    """Return names in one language."""
    return {key: name.in_words(locale) for key, name in named.items()}


def of_records(
    connection: Connection, found: Iterable[Conflict]
) -> tuple[dict[UUID, Sentence], list[UUID]]:
    """Return what the papers of records are called, and whom the records name."""
    some = list(found)
    named = papers(connection, texts_of(some), (one for c in some for one in c.ids(Role.FACT)))
    return named, sorted({one for c in some for one in c.ids(Role.MEMBER)})
