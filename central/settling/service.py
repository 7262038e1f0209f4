"""A person settles a conflict: closes it with words, or takes the other way where there is one."""

from collections.abc import Callable
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.service import Word
from central.conflicts.store import Wanted
from central.conflicts.values import (
    Conflict,
    ConflictKind,
    ConflictState,
    Ending,
    Role,
    Sentence,
    parties,
)
from central.ingest import corrections, looking
from central.ingest import service as ingest
from central.leases import service as leases
from central.ledger import service as ledger
from central.members import merging, profiles
from central.members.merging import Hand
from central.members.profiles import Proposal
from central.settling import adjusting, people, used_twice
from central.settling.people import hand_of
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.money import format_money
from shared.points import format_points
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction
from shared.wire.push import OutcomeKind

log = structlog.get_logger()

SET_ASIDE = frozenset({ConflictKind.QUARANTINED, ConflictKind.OTHER_BYTES, ConflictKind.DAMAGED})


class CannotUndoError(LoyaltyError):
    """A conflict of a kind that cannot be undone: what has happened in a shop has happened."""

    kind = Kind.CONFLICT
    code = "cannot_undo"
    ru = "Этот конфликт нельзя отменить, его можно только закрыть с пояснением."
    en = "This conflict cannot be undone, only closed with words."


class SeveralOthersError(LoyaltyError):
    """A case with more than two members: which of them are one person, people say by hand."""

    kind = Kind.CONFLICT
    code = "several_others"
    ru = "Участников больше двух: {members}. Соедините нужных: kopilka central members merge."
    en = "There are more than two members: {members}. Join them: kopilka central members merge."


class StillKeptOutError(LoyaltyError):
    """A fact that is planned once more and still cannot be posted."""

    kind = Kind.CONFLICT
    code = "still_kept_out"
    ru = (
        "Факт {fact} и теперь не проводится. Устраните причину или закончите его: "
        "--correct spent (бонусы потрачены) либо --correct freed (не потрачены)."
    )
    en = (
        "Fact {fact} still cannot be posted. Mend its cause, or end it: --correct spent (its "
        "points were spent) or --correct freed (they were not)."
    )


class ForgivenBeforeError(LoyaltyError):
    """A debt that was let go through another record of the same fact."""

    kind = Kind.CONFLICT
    code = "forgiven_before"
    ru = (
        "Долг по этому факту уже списан через другую запись: {by}, «{note}». Закройте с пояснением."
    )
    en = (
        "The debt of this fact was let go through another record already: {by}, '{note}'. Close it "
        "with words."
    )


@retried
def resolve(centre: Centre, conflict: UUID, word: Word) -> None:
    """Close a conflict as it stands.

    Raises NoNoteError, UnknownConflictError, SettledBeforeError.
    """
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        found = conflicts.settle(connection, conflict, ConflictState.RESOLVED, word, at)
    log.info("conflict.resolved", kind=found.kind.value, conflict=str(conflict))


@retried
def undo(centre: Centre, conflict: UUID, word: Word) -> Sentence:
    """Undo what a conflict was resolved to; return what was done.

    Raises as `resolve` does, CannotUndoError, and what the undoing itself refuses with: nothing is
    changed then.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        found = conflicts.settle(connection, conflict, ConflictState.UNDONE, word, hand.at)
        undoing = _UNDOINGS.get(found.kind)
        if undoing is None:
            raise CannotUndoError
        done = undoing(connection, centre, found, hand)
    log.info("conflict.undone", kind=found.kind.value, conflict=str(conflict))
    return done


@retried
def correct(centre: Centre, conflict: UUID, word: Word, ending: Ending) -> Sentence:
    """End a fact that was set aside: what it drew is posted as spent, or is free again.

    Raises as `resolve` does, CannotUndoError for a conflict of another kind, NotSetAsideError.
    """
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        found = conflicts.settle(connection, conflict, ConflictState.UNDONE, word, at)
        if found.kind not in SET_ASIDE:
            raise CannotUndoError
        document = correction_of(found)
        moved = corrections.correct(connection, centre, found.subject, ending, document, at)
    log.info("conflict.corrected", ending=ending.value, conflict=str(conflict))
    points = format_points(moved)
    if ending is Ending.SPENT:
        return Sentence(f"Потрачено {points} бонусов.", f"{points} points are spent.")
    return Sentence(f"Освобождено {points} бонусов.", f"{points} points are free again.")


def correction_of(conflict: Conflict) -> UUID:
    """Return the uid of the document that corrects a conflict."""
    return derived("correction", conflict.id)


def _plan_again(connection: Connection, centre: Centre, conflict: Conflict, hand: Hand) -> Sentence:
    fact = conflict.subject
    missing = corrections.spend_missing(connection, centre, fact, hand.at)
    outcomes = ingest.reconsidered(connection, centre, [fact], hand.at)
    if outcomes.get(fact, OutcomeKind.QUARANTINED) is OutcomeKind.QUARANTINED:
        raise StillKeptOutError(fact=fact)
    if not missing:
        return Sentence(f"Факт {fact} проведён.", f"Fact {fact} is posted.")
    points = format_points(missing)
    return Sentence(
        f"Факт {fact} проведён. Бонусов, о списании которых факта нет, потрачено {points}.",
        f"Fact {fact} is posted. {points} points are spent of which no fact tells.",
    )


def _forgive(connection: Connection, _centre: Centre, conflict: Conflict, hand: Hand) -> Sentence:
    accounts = conflict.ids(Role.ACCOUNT)
    ledger.lock(connection, accounts, ())  # who undoes another record of the fact has ended by now
    _check_forgiven(connection, conflict)
    documents = _own_documents(connection, conflict)
    done = adjusting.forgive_debts(
        connection, accounts, documents, correction_of(conflict), hand.at
    )
    if not done.let_go and not done.granted:
        raise CannotUndoError
    let_go, granted = format_points(done.let_go), format_points(done.granted)
    return Sentence(
        f"Списано долга {let_go}, возвращено бонусов {granted}.",
        f"{let_go} of debt let go, {granted} points given back.",
    )


def _check_forgiven(connection: Connection, conflict: Conflict) -> None:
    """Raise ForgivenBeforeError if another record has let the debt of the same fact go."""
    about = parties(Role.FACT, [conflict.subject])
    undone = conflicts.look(connection, Wanted(state=ConflictState.UNDONE, parties=about))
    for one in undone.conflicts:
        is_other = one.id != conflict.id and one.subject == conflict.subject
        if is_other and _UNDOINGS.get(one.kind) is _forgive:
            raise ForgivenBeforeError(by=one.resolved_by, note=one.note)


def _own_documents(connection: Connection, conflict: Conflict) -> list[UUID]:
    """Return the documents of the fact that left a record: it names others, as a return its sale,
    whose debts have records of their own."""
    named = looking.documents(connection, conflict.ids(Role.DOCUMENT))
    return [one.uid for one in named if one.fact == conflict.subject]


def _take_back(connection: Connection, _centre: Centre, conflict: Conflict, hand: Hand) -> Sentence:
    taken = adjusting.take_back(
        connection,
        conflict.ids(Role.ACCOUNT),
        conflict.ids(Role.DOCUMENT),
        correction_of(conflict),
        hand.at,
    )
    if not taken:
        raise CannotUndoError
    points = format_points(taken)
    return Sentence(f"Снято бонусов {points}.", f"{points} points taken back.")


def _part(connection: Connection, centre: Centre, conflict: Conflict, hand: Hand) -> Sentence:
    parted = merging.unmerge(connection, centre, conflict.subject, hand)
    return Sentence(
        f"Участник {parted.member} отделён от {parted.survivor}.",
        f"Member {parted.member} is parted from {parted.survivor}.",
    )


def _join(connection: Connection, centre: Centre, conflict: Conflict, hand: Hand) -> Sentence:
    """Merge the newcomer of a case with the other member that it names."""
    others = [one for one in conflict.ids(Role.MEMBER) if one != conflict.subject]
    if len(others) != 1:
        raise SeveralOthersError(members=", ".join(map(str, others)))
    joined = merging.merge(connection, centre, conflict.subject, others[0], hand)
    return Sentence(
        f"Участник {joined.member} соединён с {joined.survivor}.",
        f"Member {joined.member} is merged into {joined.survivor}.",
    )


def _prefer(connection: Connection, centre: Centre, conflict: Conflict, hand: Hand) -> Sentence:
    """Let the value that lost count, by an edit that names the one which counts now."""
    known = profiles.find(connection, conflict.subject)
    if known is None or known[0].value in (known[1].value, None):
        raise CannotUndoError
    lost, counts = known
    proposal = Proposal({lost.field: lost.value or ""}, verified=counts.verified)
    deed, others = profiles.edit(connection, centre, lost.member, proposal, hand)
    people.tell_shared(connection, lost.member, deed, others, hand)
    return Sentence(
        f"Действует другое значение; правка {deed}.", f"The other value counts; edit {deed}."
    )


def _forgive_certificates(
    connection: Connection, _centre: Centre, conflict: Conflict, hand: Hand
) -> Sentence:
    named = conflict.ids(Role.ACCOUNT), _own_documents(connection, conflict)
    done = used_twice.forgive_certificates(connection, *named, correction_of(conflict), hand.at)
    if not done.let_go and not done.granted:
        raise CannotUndoError
    let_go, granted = format_money(done.let_go), format_money(done.granted)
    return Sentence(
        f"Списано долга сертификата {let_go}, возвращено на него {granted}.",
        f"{let_go} of the certificate's debt let go, {granted} put back on it.",
    )


def _take_back_brought(
    connection: Connection, centre: Centre, conflict: Conflict, hand: Hand
) -> Sentence:
    named = conflict.ids(Role.ACCOUNT), conflict.ids(Role.FACT)
    correction = correction_of(conflict)
    done = used_twice.take_back_brought(connection, centre, named, correction, hand.at)
    points, debt = format_points(done.points), format_points(done.debt)
    amount = format_money(done.discount_minor)
    return Sentence(
        f"Снято бонусов {points}, из них долгом {debt}. Скидка {amount} остаётся.",
        f"{points} points taken back, {debt} of them as debt. The discount of {amount} stays.",
    )


_UNDOINGS: dict[ConflictKind, Callable[[Connection, Centre, Conflict, Hand], Sentence]] = {
    ConflictKind.DEBT: _forgive,
    ConflictKind.FORKED: _forgive,
    ConflictKind.WRITTEN_OFF: _forgive,
    ConflictKind.PASS_USED_TWICE: _forgive,
    ConflictKind.USED_TWICE: _forgive_certificates,
    ConflictKind.CODE_USED_TWICE: _take_back_brought,
    ConflictKind.STALE: _take_back,
    ConflictKind.MERGED: _part,
    ConflictKind.SHARED_PHONE: _join,
    ConflictKind.SHARED_CARD: _join,
    ConflictKind.QUARANTINED: _plan_again,
    ConflictKind.OTHER_BYTES: _plan_again,
    ConflictKind.EDITED_TWICE: _prefer,
}
UNDOABLE = frozenset(_UNDOINGS)
"""Kinds of which something can be undone."""
