"""Drafts of packs: written by one person, approved by another, then published.

Every deed is kept with who did it and the hash of the text at that moment. What was approved is
what is published: a change of the text takes the approval back.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.packs import draft_store as store
from central.packs import service as packs
from central.packs.draft_store import Deed, StoredDraft
from central.packs.publishing import Announcement
from central.packs.service import Novelty, Published
from central.schema import Turn, take_turn
from shared.errors import Kind, LoyaltyError
from shared.packs.sealed import seal
from shared.rules.model import Pack
from shared.rules.pack import canonical, load_canonical, pack_hash, read_pack
from shared.rules.wording import Wording
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

DRAFTS_SHOWN_MAX = 200
PERSON_CHARS_MAX = 100
NOTE_CHARS_MAX = 1_000
CANONICAL = '{"'
"""How canonical bytes begin, and no YAML of a pack."""

log = structlog.get_logger()


class DraftState(StrEnum):
    """How far a draft has come."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    PUBLISHED = "published"


class DraftAct(StrEnum):
    """What a person does with a draft."""

    WRITE = "write"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    PUBLISH = "publish"


_MAY: dict[DraftAct, tuple[frozenset[DraftState], DraftState]] = {
    DraftAct.WRITE: (
        frozenset(DraftState) - {DraftState.PUBLISHED},
        DraftState.DRAFT,
    ),
    DraftAct.SUBMIT: (frozenset({DraftState.DRAFT}), DraftState.IN_REVIEW),
    DraftAct.APPROVE: (frozenset({DraftState.IN_REVIEW}), DraftState.APPROVED),
    DraftAct.REJECT: (
        frozenset({DraftState.IN_REVIEW, DraftState.APPROVED}),
        DraftState.REJECTED,
    ),
    DraftAct.PUBLISH: (frozenset({DraftState.APPROVED}), DraftState.PUBLISHED),
}
"""In which states each act is possible, and what the draft is then."""
_STATES: dict[DraftState, Wording] = {
    DraftState.DRAFT: Wording("ещё пишется", "still being written"),
    DraftState.IN_REVIEW: Wording("на проверке", "in review"),
    DraftState.APPROVED: Wording("одобрен", "approved"),
    DraftState.REJECTED: Wording("возвращён автору", "sent back"),
    DraftState.PUBLISHED: Wording("опубликован", "published"),
}
_ACTS: dict[DraftAct, Wording] = {
    DraftAct.WRITE: Wording("изменить", "changed"),
    DraftAct.SUBMIT: Wording("отправить на проверку", "submitted"),
    DraftAct.APPROVE: Wording("одобрить", "approved"),
    DraftAct.REJECT: Wording("вернуть", "sent back"),
    DraftAct.PUBLISH: Wording("опубликовать", "published"),
}


class UnknownDraftError(LoyaltyError):
    """A number that no draft has."""

    kind = Kind.NOT_FOUND
    code = "unknown_draft"
    ru = "Черновика № {no} нет."
    en = "There is no draft {no}."


class DraftStateError(LoyaltyError):
    """An act that a draft is not ready for, or has behind it."""

    kind = Kind.CONFLICT
    code = "draft_state"
    ru = "Черновик № {no} {state_ru}: {act_ru} его сейчас нельзя."
    en = "Draft {no} is {state_en}: it cannot be {act_en} now."


class OwnReviewError(LoyaltyError):
    """A review by somebody who wrote the text himself."""

    kind = Kind.FORBIDDEN
    code = "own_review"
    ru = "{by} писал черновик № {no}: утвердить его должен другой человек."
    en = "{by} has written draft {no}: another person must approve it."


class ChangedDraftError(LoyaltyError):
    """A draft whose text is not the one that somebody has looked at."""

    kind = Kind.CONFLICT
    code = "changed_draft"
    ru = "Пока страница была открыта, текст черновика № {no} изменили. Посмотрите, каков он теперь."
    en = "The text of draft {no} was changed while the page was open. Look at what it is now."


class AlreadyPublishedError(LoyaltyError):
    """A draft whose content is a published pack's."""

    kind = Kind.CONFLICT
    code = "already_published"
    ru = "Пакет {name} версии {version} с тем же содержанием уже опубликован."
    en = "Pack {name} {version} was published already with the same content."


class NobodyError(LoyaltyError):
    """A deed without a name of who does it."""

    kind = Kind.INVALID
    code = "nobody"
    ru = "Нужно имя того, кто это делает, до {most} знаков."
    en = "The name of who does it is needed, up to {most} characters."


@dataclass(frozen=True, slots=True)
class DraftShown:
    """A draft with what was done with it."""

    draft: StoredDraft
    deeds: tuple[Deed, ...]

    @property
    def writers(self) -> tuple[str, ...]:
        """Who has written it, the first one first."""
        return tuple(dict.fromkeys(one.by for one in self.deeds if one.act == DraftAct.WRITE))


def write(centre: Centre, text: str, by: str, *, source: str = "", note: str = "") -> DraftShown:
    """Begin a draft from YAML or canonical JSON; raises PackError, NobodyError."""
    pack, who = read_text(text), person(by)
    return _begin(centre, pack, text, (who, source, note))


@retried
def revise(
    centre: Centre, no: int, text: str, by: str, *, note: str = "", seen: str = ""
) -> DraftShown:
    """Put another text into a draft: whoever had approved it has to look again.

    `seen` is the hash of the text that he has begun with, here and in what follows the hash of the
    one that was looked at; empty where that is not known. Raises PackError, UnknownDraftError,
    DraftStateError, ChangedDraftError, NobodyError.
    """
    pack, who = read_text(text), person(by)
    with transaction(centre.engine) as connection:
        known = _allowed(connection, no, DraftAct.WRITE, seen)
        named = replace(known, name=pack.name, version=pack.version, hash=_hash(pack), text=text)
        return _do(connection, centre, named, DraftAct.WRITE, (who, note))


@retried
def submit(centre: Centre, no: int, by: str, note: str = "", seen: str = "") -> DraftShown:
    """Ask for a review.

    Raises UnknownDraftError, DraftStateError, ChangedDraftError, NobodyError.
    """
    who = person(by)
    with transaction(centre.engine) as connection:
        known = _allowed(connection, no, DraftAct.SUBMIT, seen)
        return _do(connection, centre, known, DraftAct.SUBMIT, (who, note))


@retried
def approve(centre: Centre, no: int, by: str, note: str = "", seen: str = "") -> DraftShown:
    """Approve a draft that others have written.

    Raises OwnReviewError for who has written any of it, and as `submit` does.
    """
    who = person(by)
    with transaction(centre.engine) as connection:
        known = _allowed(connection, no, DraftAct.APPROVE, seen)
        written = {same(one) for one in _shown(connection, known).writers}
        if same(who) in written:
            raise OwnReviewError(by=who, no=no)
        return _do(connection, centre, known, DraftAct.APPROVE, (who, note))


@retried
def reject(centre: Centre, no: int, by: str, note: str = "", seen: str = "") -> DraftShown:
    """Send a draft back, also one that was approved; raises as `submit` does."""
    who = person(by)
    with transaction(centre.engine) as connection:
        known = _allowed(connection, no, DraftAct.REJECT, seen)
        return _do(connection, centre, known, DraftAct.REJECT, (who, note))


@retried
def publish(
    centre: Centre,
    no: int,
    by: str,
    terms: Announcement | None = None,
    note: str = "",
    seen: str = "",
) -> Published:
    """Publish an approved draft: everywhere from the instant that it names itself, or by terms.

    Raises StaleVersionError when a higher version was published meanwhile, AlreadyPublishedError,
    and as `submit` does.
    """
    who = person(by)
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.PACKS)
        known = _allowed(connection, no, DraftAct.PUBLISH, seen)
        pack = read_text(known.text)
        wanted = terms or Announcement("", effective_from=pack.effective_from.isoformat())
        sealed = (pack, seal(pack, centre.keys.pack))
        done, changes = packs.add(connection, centre, sealed, replace(wanted, by=who, note=note))
        if done.novelty is Novelty.SAME:
            raise AlreadyPublishedError(name=done.name, version=done.version)
        _do(connection, centre, known, DraftAct.PUBLISH, (who, note))
        feed.append(connection, changes)
    log.info("pack.published", pack=done.name, version=done.version, hash=done.hash, draft=no)
    return done


def show(centre: Centre, no: int) -> DraftShown:
    """Return a draft with what was done with it; raises UnknownDraftError."""
    with reading(centre.engine) as connection:
        return _shown(connection, _known(connection, no))


def listed(
    centre: Centre, states: Collection[DraftState] = frozenset(DraftState)
) -> list[StoredDraft]:
    """Return the newest drafts in some states."""
    with reading(centre.engine) as connection:
        return store.drafts(connection, states, DRAFTS_SHOWN_MAX)


def read_text(text: str) -> Pack:
    """Read a pack from YAML, or from the canonical JSON of one that was changed by a table.

    Raises PackError.
    """
    if text.lstrip().startswith(CANONICAL):
        return load_canonical(text.encode())
    return read_pack(text)


def person(by: str) -> str:
    """Return a person's name as it is kept; raises NobodyError."""
    name = " ".join(by.split())
    if not 0 < len(name) <= PERSON_CHARS_MAX:
        raise NobodyError(most=PERSON_CHARS_MAX)
    return name


def same(name: str) -> str:
    """Return a name as it is compared: two spellings of one person do not make two."""
    return person(name).casefold().replace("ё", "е")


@retried
def _begin(centre: Centre, pack: Pack, text: str, said: tuple[str, str, str]) -> DraftShown:
    who, source, note = said
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.PACKS)
        new = StoredDraft(
            no=store.next_no(connection),
            name=pack.name,
            version=pack.version,
            hash=_hash(pack),
            text=text,
            source=source[:NOTE_CHARS_MAX],
            state=DraftState.DRAFT.value,
            changed_at=centre.clock.now(),
        )
        store.insert_draft(connection, new)
        return _do(connection, centre, new, DraftAct.WRITE, (who, note))


def _hash(pack: Pack) -> str:
    return pack_hash(canonical(pack))


def _known(connection: Connection, no: int) -> StoredDraft:
    found = store.draft(connection, no)
    if found is None:
        raise UnknownDraftError(no=no)
    return found


def _allowed(connection: Connection, no: int, act: DraftAct, seen: str) -> StoredDraft:
    """Return a draft that an act is possible with, and that is as it was seen."""
    take_turn(connection, Turn.PACKS)
    found = _known(connection, no)
    if DraftState(found.state) not in _MAY[act][0]:
        state, deed = _STATES[DraftState(found.state)], _ACTS[act]
        raise DraftStateError(
            no=no, state_ru=state.ru, state_en=state.en, act_ru=deed.ru, act_en=deed.en
        )
    if seen and seen != found.hash:
        raise ChangedDraftError(no=no)
    return found


def _do(
    connection: Connection,
    centre: Centre,
    draft: StoredDraft,
    act: DraftAct,
    said: tuple[str, str],
) -> DraftShown:
    who, note = said
    at = centre.clock.now()
    now = replace(draft, state=_MAY[act][1].value, changed_at=at)
    store.put_draft(connection, now)
    no = len(store.deeds(connection, draft.no)) + 1
    note = note[:NOTE_CHARS_MAX]
    store.insert_deed(connection, Deed(draft.no, no, act.value, who, at, draft.hash, note))
    return _shown(connection, now)


def _shown(connection: Connection, draft: StoredDraft) -> DraftShown:
    return DraftShown(draft, tuple(store.deeds(connection, draft.no)))
