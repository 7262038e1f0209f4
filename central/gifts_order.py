"""Points given by hand, from the words of a command to the ledger, and what became of them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from pydantic_core import PydanticCustomError

from central.centre import Centre
from central.ledger import service as ledger
from central.members.extensions import Extension, extend_lots
from central.members.gifts import Order, give
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.ledger.entries import EntryKind
from shared.points import format_points
from shared.rules.moment import Moment
from shared.rules.scalars import parse_amount, parse_day
from shared.rules.terms import expiry, read_expiry
from shared.rules.wording import Wording
from shared.runtime.sqlite import reading

_T = TypeVar("_T")
LAST_DAY = date.max - timedelta(days=1)
_DAYS = ("first", "last", "until")


class BadGiftError(LoyaltyError):
    """A word of the order that cannot be read."""

    kind = Kind.INVALID
    code = "bad_gift"
    ru = "Начисление, {what}: {reason_ru}."
    en = "Gift, {what}: {reason_en}."


def give_by_words(centre: Centre, **words: str) -> Iterator[Wording]:
    """Give points as a command words it; yield the uid of the order, then what was done.

    "7 days" count from today and include the last. Raises BadGiftError and what `give` raises.
    """
    at = centre.clock.now()
    uid = _uid(words["uid"]) if words["uid"] else uuid7(at, centre.chance)
    yield Wording(f"начисление {uid}", f"order {uid}")
    order = Order(
        uid=uid,
        to=words["to"],
        points=_points(words["points"]),
        wallet=words["wallet"],
        kind=words["kind"],
        expires_on=_last_day(words["expires"], _today(at)),
        reason=words["reason"],
        actor=words["actor"],
    )
    done = give(centre, order, at)
    given = format_points(done.points)
    yield Wording(
        f"начислено бонусов {given}, участников: {done.members}, уже имели по нему: {done.before}",
        f"{given} points to {done.members} members, {done.before} had them from this order",
    )


def extend_by_words(centre: Centre, **words: str) -> Wording:
    """Extend lots as a command words it; return what was done."""
    at = centre.clock.now()
    days = {name: _read(name, partial(parse_day, words[name])) for name in _DAYS}
    order = Extension(
        uid=uuid7(at, centre.chance),
        kind=words["kind"],
        reason=words["reason"],
        actor=words["actor"],
        **days,
    )
    lots, points = extend_lots(centre, order, at)
    longer = format_points(points)
    return Wording(
        f"продление {order.uid}: партий {lots}, бонусов {longer}",
        f"order {order.uid}: {lots} lots of {longer} points live longer",
    )


def moved_by_words(centre: Centre, first: str, last: str) -> Mapping[str, Mapping[EntryKind, int]]:
    """Return by kind of lots what was posted in days of UTC, both included, in hundredths."""
    since = _midnight(_read("from", lambda: parse_day(first)))
    until = _midnight(min(_read("to", lambda: parse_day(last)), LAST_DAY)) + timedelta(days=1)
    with reading(centre.engine) as connection:
        return ledger.moved_by_kind(connection, since, until)


def _uid(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError as error:
        raise BadGiftError(
            what="uid", reason_ru="ожидается UUID", reason_en="a UUID is expected"
        ) from error


def _points(word: str) -> int:
    points = _read("points", lambda: parse_amount(word))
    if points == 0:
        raise BadGiftError(
            what="points", reason_ru="ожидается больше нуля", reason_en="more than zero is expected"
        )
    return points


def _last_day(word: str, today: Moment) -> date | None:
    """Return until when points live; a day that is over would give what nobody can spend."""
    last = _read("expires", lambda: expiry(read_expiry(word), today))
    if last is not None and last < today.day:
        raise BadGiftError(
            what="expires", reason_ru=f"{last} уже прошло", reason_en=f"{last} is over"
        )
    return last


def _today(at: datetime) -> Moment:
    return Moment(at, "UTC")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _read(what: str, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except PydanticCustomError as error:
        context = error.context or {}
        raise BadGiftError(
            what=what, reason_ru=context.get("ru", ""), reason_en=context.get("en", "")
        ) from error
