"""Members searched by what people say of them: the beginnings of words of a name, an e-mail
address, the last digits of a phone or card, a whole number, an id."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.members import service, store, word_store
from central.members.imports import identifier_indexes
from central.members.roll import PHONE_TAIL_DIGITS
from central.members.store import IdentifierState, MemberState
from shared.crypto.blind import IdentifierKind
from shared.errors import Kind, LoyaltyError
from shared.names import folded_words
from shared.runtime.sqlite import reading

FOUND_MAX = 50
TEXT_CHARS_MAX = 100
WORDS_MAX = 5


class NothingToSearchError(LoyaltyError):
    """A text without two letters in a row, or four digits."""

    kind = Kind.INVALID
    code = "nothing_to_search"
    ru = "Введите начало имени (от двух букв), последние {digits} цифры или номер целиком."
    en = "Type the beginning of a name (two letters), the last {digits} digits, or a whole number."


@dataclass(frozen=True, slots=True)
class Hit:
    """A living member who was found; tails are the last digits of what finds him."""

    member: UUID
    name: str
    state: MemberState
    store: str
    phones: tuple[str, ...]
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """Who was found, by name, and whether there are more."""

    found: tuple[Hit, ...]
    more: bool


def search(centre: Centre, text: str, limit: int = FOUND_MAX) -> Hits:
    """Return whom a text may mean, at most `FOUND_MAX`; raises NothingToSearchError."""
    shown = "".join(one for one in text[:TEXT_CHARS_MAX] if one.isprintable())
    text, limit = shown.strip(), min(limit, FOUND_MAX)
    with reading(centre.engine) as connection:
        found = _exact(connection, centre, text) or _likely(connection, text, limit + 1)
        hits = _hits(connection, found[: limit + 1])
    return Hits(tuple(hits[:limit]), len(hits) > limit)


def _exact(connection: Connection, centre: Centre, text: str) -> list[UUID]:
    try:
        return [one.id for one in store.members(connection, [UUID(text)])]
    except ValueError:
        claims = store.identifiers(connection, identifier_indexes(centre, text))
    return [one.member for one in claims if one.state is not IdentifierState.REVOKED]


def _likely(connection: Connection, text: str, limit: int) -> list[UUID]:
    digits = "".join(one for one in text if one.isdigit() and one.isascii())
    if len(digits) >= PHONE_TAIL_DIGITS and not any(one.isalpha() for one in text):
        return word_store.by_tail(connection, digits, digits[-PHONE_TAIL_DIGITS:], limit)
    if "@" in text:
        return word_store.by_words(connection, [text.casefold()], limit)
    wanted = folded_words(text)[:WORDS_MAX]
    if not any(len(word) > 1 for word in wanted):
        raise NothingToSearchError(digits=PHONE_TAIL_DIGITS)
    return word_store.by_words(connection, wanted, limit)


def _hits(connection: Connection, found: list[UUID]) -> list[Hit]:
    roll = service.load(connection, found, ())
    living = list(dict.fromkeys(roll.survivor(one).id for one in found if one in roll.members))
    roll.enter((), (), store.persons(connection, living))
    tails: dict[tuple[UUID, IdentifierKind], list[str]] = {}
    for one in store.identifiers_of(connection, living):
        if one.is_shown:
            tails.setdefault((one.member, one.kind), []).append(one.tail)
    return [
        Hit(
            member=one,
            name=roll.name_of(one) or roll.members[one].display_name,
            state=roll.members[one].state,
            store=roll.members[one].home_store,
            phones=tuple(sorted(set(tails.get((one, IdentifierKind.PHONE), ())))),
            cards=tuple(sorted(set(tails.get((one, IdentifierKind.CARD), ())))),
        )
        for one in living
    ]
