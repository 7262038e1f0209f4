"""Edited profiles on the desk: the same value counts in whatever order edits arrive."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from central.conflicts.values import ConflictKind, Finding, Party, Role, parties
from central.ingest.concerned import cashiers
from central.ingest.desk import Desk, RefusedError
from central.ingest.reading import Reading
from central.ingest.registrations import check_phone
from central.members import editing
from central.members.newcomer import Place, Placed
from central.members.profile import Contest, Edit
from central.members.store import MemberState
from shared.ids import derived
from shared.member import ProfileField
from shared.profile import BadEmailError, BadNameError, normal_email, normal_name
from shared.wire.facts import EditedPerson, MemberEdited

NAME_FIRST = tuple(ProfileField)
"""The order of fields: a phone is placed by the name that counts."""
_FIELDS = {
    ProfileField.NAME: ("имя", "name"),
    ProfileField.BIRTHDAY: ("день рождения", "birthday"),
    ProfileField.PHONE: ("телефон", "phone"),
    ProfileField.EMAIL: ("электронная почта", "e-mail"),
}
_CONCURRENT = (
    "двое правили, не зная друг о друге; действует более позднее",
    "two have edited it without knowing of each other; the later value counts",
)
_VERIFIED = (
    "подтверждённое не заменяется тем, что только заявлено",
    "what is verified is not replaced by what is only claimed",
)


def check_edit(desk: Desk, reading: Reading, edited: MemberEdited) -> None:
    """Raise RefusedError for values that no till takes, or an account that nobody has."""
    if edited.account is not None and edited.account not in desk.books.accounts:
        raise RefusedError("unknown_account")
    person = reading.person
    if not isinstance(person, EditedPerson):
        return
    named = {one.field for one in edited.fields}
    if ProfileField.PHONE in named:
        check_phone(desk.index_key, person.phone, edited.phone_index)
    try:
        is_normal = {
            ProfileField.NAME: lambda: normal_name(person.name) == person.name,
            ProfileField.BIRTHDAY: lambda: person.birthday is not None,
            ProfileField.EMAIL: lambda: normal_email(person.email) == person.email,
        }
        sane = all(is_normal[field]() for field in is_normal if field in named)
    except (BadNameError, BadEmailError):
        sane = False
    if not sane:
        raise RefusedError("edit_senseless")


def post_edit(desk: Desk, reading: Reading, edited: MemberEdited) -> list[str]:
    """Keep what a profile was edited to; tell people of what lost though nobody has replaced it."""
    member = _edited_member(desk, edited)
    if desk.roll.survivor(member).state is MemberState.ERASED:
        desk.of_erased.append(reading.fact.id)
        return ["member_erased"]
    notes = []
    for edit in _edits(desk, reading, edited, member):
        contest = editing.enter(desk.roll, edit)
        if contest is not None:
            _report(desk, reading, contest)
            notes += ["edited_elsewhere"] if contest.loser is edit else []
        if edit.field is ProfileField.PHONE:
            notes += _follow(desk, reading, edit)
    return notes


def _edited_member(desk: Desk, edited: MemberEdited) -> UUID:
    """Return whose profile it is; who is not registered yet is a provisional member."""
    if edited.account is not None:
        return desk.books.accounts[edited.account].owner
    desk.roll.provisional(edited.member, desk.at)
    return edited.member


def _edits(desk: Desk, reading: Reading, edited: MemberEdited, member: UUID) -> Iterator[Edit]:
    person = reading.person if isinstance(reading.person, EditedPerson) else None
    replaced = {one.field: one.replaces for one in edited.fields}
    for field in NAME_FIRST:
        if field not in replaced:
            continue
        yield Edit(
            member=member,
            field=field,
            version=reading.fact.id,
            replaces=replaced[field],
            value=None if person is None else _value(person, field),
            phone_index=edited.phone_index if field is ProfileField.PHONE else b"",
            at=_stamp(reading, desk.at),
            verified=False,
            store=reading.store,
            actor=edited.cashier,
        )


def _stamp(reading: Reading, received_at: datetime) -> datetime:
    """Return an edit's stamp: its own, but no clock is ahead of when the centre received it."""
    return min(reading.at, received_at)


def _value(person: EditedPerson, field: ProfileField) -> str:
    if field is ProfileField.BIRTHDAY:
        return person.birthday.isoformat() if person.birthday else ""
    return str(getattr(person, field.value))


def _follow(desk: Desk, reading: Reading, edit: Edit) -> list[str]:
    """Let the member's phones follow an edit; one that is not in force claims nothing."""
    phone = editing.follow_phone(desk.roll, edit.member)
    if phone is not edit:
        return []
    placed = editing.place(desk.roll, desk.books, edit.member, phone)
    if placed.place is not Place.NEW:
        _report_place(desk, reading, edit.member, placed)
    return ["merged"] if placed.place is Place.MERGED else []


def _report(desk: Desk, reading: Reading, contest: Contest) -> None:
    living = desk.roll.survivor(contest.loser.member).id
    desk.report(reading, _finding(contest, living))


def _finding(contest: Contest, member: UUID) -> Finding:
    """Return what people are told of a value that is not in force: once of each."""
    winner, loser = contest.winner, contest.loser
    both = (winner, loser)
    reason = _VERIFIED if winner.verified and not loser.verified else _CONCURRENT
    details = {
        "member": member,
        "field_ru": _FIELDS[loser.field][0],
        "field_en": _FIELDS[loser.field][1],
        "reason_ru": reason[0],
        "reason_en": reason[1],
    }
    about: tuple[Party, ...] = (
        *parties(Role.MEMBER, dict.fromkeys((member, *(one.member for one in both)))),
        *parties(Role.STORE, dict.fromkeys(one.store for one in both)),
        *parties(Role.FACT, [one.version for one in both if one.store]),
        *(party for one in both if one.store for party in cashiers(one.store, [one.actor])),
    )
    key = derived("edited", loser.id)
    return Finding(ConflictKind.EDITED_TWICE, details, about, subject=loser.id, key=key)


def _report_place(desk: Desk, reading: Reading, member: UUID, placed: Placed) -> None:
    """Tell of another who has the phone: of a merge, the subject is who is to be parted again."""
    is_merge = placed.place is Place.MERGED
    kind = ConflictKind.MERGED if is_merge else ConflictKind.SHARED_PHONE
    others = [other.id for other in placed.others]
    is_joined = desk.roll.members[member].merged_into is not None
    subject = member if is_joined or not is_merge else others[0]
    details = {"new": member, "others": ", ".join(map(str, others))}
    about = (
        *parties(Role.MEMBER, others),
        *parties(Role.STORE, dict.fromkeys(other.home_store for other in placed.others)),
    )
    desk.report(reading, Finding(kind, details, about, subject=subject))
