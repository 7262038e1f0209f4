"""How a member stands here: the centre's rows, the store's own facts, and what may be spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection

from agent.journal import counted, edits, newcomers, once
from agent.journal import store as facts
from agent.journal.counted import Counted
from agent.journal.edits import OwnEdit
from agent.journal.newcomers import Newcomer
from agent.leases.lots import LotStanding, Reach, lots_here
from agent.replica import store as rows
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.ledger.history import joined, with_days, with_uses
from shared.member import (
    NO_HISTORY,
    DayCount,
    FieldVersion,
    History,
    MemberView,
    NamedDay,
    ProfileField,
    Use,
)
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, IdentifierRow, MemberRow

ALIASES_MAX = 16
NOTHING_SAID: Mapping[UUID, int] = MappingProxyType({})


class UnknownMemberError(LoyaltyError):
    """A member that neither the rows nor this store's registrations know."""

    kind = Kind.NOT_FOUND
    code = "unknown_member"
    ru = "Такого участника здесь не знают. Проверьте карту или зарегистрируйте его."
    en = "This member is not known here. Check the card or register him."


@dataclass(frozen=True, slots=True)
class Standing:
    """A member as this store sees him at this moment; turnover in kopecks, debt in points."""

    member: UUID
    display_name: str
    accounts: tuple[UUID, ...]
    turnover_minor: int
    receipts: int
    registered_on: date | None
    birthday: date | None = None
    segments: frozenset[str] = frozenset()
    tier_floor: str | None = None
    home_store: str = ""
    debt: int = 0
    lots: tuple[LotStanding, ...] = field(default=())
    person: bytes = b""
    referrer: UUID | None = None
    """The account of who brought him."""
    history: History = NO_HISTORY
    tier_until: date | None = None
    dates: tuple[NamedDay, ...] = ()
    joined: tuple[str, ...] = ()
    versions: tuple[FieldVersion, ...] = ()
    """Of edited fields of the profile, whose value is shown: what the next edit replaces."""
    as_of: int = 0
    """Up to which number of the global stream the rows are read."""
    passes_over: Mapping[UUID, int] = field(default_factory=dict)
    """By account up to which counter its signed passes are over."""

    def is_verified(self, field: ProfileField) -> bool:
        """Tell whether a field of the profile is verified, so that no till changes it."""
        return any(one.verified for one in self.versions if one.field == field)

    def owns_only(self, account: UUID | None) -> bool:
        """Tell whether all that he has is an account, so that who is limited to it is himself."""
        return self.accounts == (account,)

    def view(
        self,
        reach: Reach,
        only: UUID | None = None,
        *,
        thin: Mapping[UUID, int] = NOTHING_SAID,
        more: Mapping[UUID, int] = NOTHING_SAID,
    ) -> MemberView:
        """Return what the kernel may read; `only` limits redemption to one account's lots.

        `thin` says of which lots only so much can be had with the line up, `more` opens by lot what
        the store may draw beyond its leases.
        """
        return MemberView(
            id=self.member,
            account=self.accounts[0],
            turnover_minor=self.turnover_minor,
            receipts=self.receipts,
            registered_on=self.registered_on,
            birthday=self.birthday,
            segments=self.segments,
            tier_floor=self.tier_floor,
            lots=tuple(
                lot.view(lot.within(reach, thin) + (more.get(lot.id, 0) if more else 0))
                for lot in self.lots
                if lot.amount > 0 and only in (None, lot.account)
            ),
            person=self.person,
            referrer=self.referrer,
            history=self.history,
            tier_until=self.tier_until,
            dates=self.dates,
            joined=self.joined,
        )


def standing(station: Station, journal: Connection, member: UUID) -> Standing:
    """Put together what this store knows of a member; raises UnknownMemberError.

    The rows and their cursor are read before the journal: a fact that is acknowledged in between
    is then covered by neither or by the rows alone, never counted twice.
    """
    with reading(station.replica) as replica:
        cursor = rows.cursor(replica, GLOBAL).number
        row = survivor(replica, member)
        keys = [account.bytes for account in row.accounts] if row else []
        accounts = rows.many(replica, AccountRow, keys)
        newcomer = newcomers.by_member(journal, member) if row is None else None
        ids = _accounts(row, newcomer)
        leased = rows.leases(replica, ids)
        brought_by = row.referrer if row else newcomer.referrer if newcomer else None
        referrer = None if brought_by is None else _account_of(replica, journal, brought_by)
    if not ids:
        raise UnknownMemberError
    base = _from_row(row) if row else _from_newcomer(newcomer)
    base = _as_edited(base, _of_him(station, base.member, edits.uncovered(journal, ids, cursor)))
    done = counted.of(journal, ids, cursor)
    lots = lots_here(station, journal, accounts, leased, facts.uncovered(journal, ids, cursor))
    return replace(
        base,
        accounts=ids,
        turnover_minor=base.turnover_minor + sum(one.turnover_minor for one in done),
        receipts=base.receipts + sum(one.receipts for one in done),
        debt=sum(account.debt for account in accounts),
        lots=tuple(sorted(lots.values(), key=lambda lot: (lot.activates_at, lot.id.int))),
        referrer=None if referrer in ids else referrer,
        history=_history(journal, accounts, ids, done),
        as_of=cursor,
        passes_over={account.id: account.passes_over for account in accounts},
    )


def accounts_of(station: Station, journal: Connection, member: UUID) -> tuple[UUID, ...]:
    """Return a member's accounts, the one that grants go to first; raises UnknownMemberError."""
    with reading(station.replica) as replica:
        row = survivor(replica, member)
    ids = _accounts(row, newcomers.by_member(journal, member) if row is None else None)
    if not ids:
        raise UnknownMemberError
    return ids


def _accounts(row: MemberRow | None, newcomer: Newcomer | None) -> tuple[UUID, ...]:
    if row is not None:
        return tuple(row.accounts)
    return () if newcomer is None else (newcomer.account,)


def _of_him(station: Station, member: UUID, own: Sequence[OwnEdit]) -> list[OwnEdit]:
    """Return which of the edits on a member's accounts are of himself, not of his family."""
    if all(one.member == member for one in own):
        return [*own]
    with reading(station.replica) as replica:
        lived = {one.member: survivor(replica, one.member) for one in own}
    return [one for one in own if (row := lived[one.member]) is None or row.id == member]


def _as_edited(who: Standing, own: Sequence[OwnEdit]) -> Standing:
    """Return a member with what this store has edited of him; what is verified stays as it is."""
    mine = [one for one in own if one.account is None or who.owns_only(one.account)]
    if not mine:
        return who
    shown = {one.field: one for one in mine if not who.is_verified(one.field)}
    name, born = shown.get(ProfileField.NAME), shown.get(ProfileField.BIRTHDAY)
    return replace(
        who,
        display_name=name.shown if name else who.display_name,
        birthday=date.fromisoformat(born.shown) if born else who.birthday,
        versions=(
            *(one for one in who.versions if one.field not in shown),
            *(FieldVersion(one.field, one.fact) for one in shown.values()),
        ),
    )


def survivor(replica: Connection, member: UUID) -> MemberRow | None:
    """Follow merges from a member to the one that lives on."""
    row = rows.find(replica, MemberRow, member.bytes)
    for _ in range(ALIASES_MAX):
        if row is None or row.merged_into is None:
            return row
        row = rows.find(replica, MemberRow, row.merged_into.bytes)
    return row


def _account_of(replica: Connection, journal: Connection, member: UUID) -> UUID | None:
    """Return the account that grants to a member go to."""
    row = survivor(replica, member)
    if row is not None:
        return row.accounts[0] if row.accounts else None
    newcomer = newcomers.by_member(journal, member)
    return newcomer.account if newcomer else None


def _history(
    journal: Connection,
    accounts: list[AccountRow],
    ids: tuple[UUID, ...],
    done: list[Counted],
) -> History:
    """Join what the rows tell of the accounts with what this store's own facts add to it."""
    own = [
        DayCount(one.day, one.turnover_minor, one.earned, one.receipts)
        for one in done
        if one.day is not None and not one.rule
    ]
    used = [
        Use(one.rule, one.day, one.times, one.earned)
        for one in done
        if one.day is not None and one.rule
    ]
    here = with_days(History(once=tuple(sorted(once.of(journal, ids)))), own)
    here = with_uses(here, used)
    return joined([*(account.history for account in accounts), here])


def unconfirmed(journal: Connection, who: Standing) -> frozenset[UUID]:
    """Return the lots that the centre may not accept: what this store gave a person once, while
    neither rows nor leases tell of it. Another store may have given it to him before."""
    untold = {lot.id for lot in who.lots if not lot.is_told and lot.here <= 0}
    return frozenset(untold - once.others(journal, who.accounts, untold) if untold else ())


def identified(
    station: Station, journal: Connection, index: bytes
) -> list[tuple[UUID, IdentifierRow]]:
    """Return who a blind index may be: the surviving member and the identifier he was found by."""
    found: dict[UUID, IdentifierRow] = {}
    with reading(station.replica) as replica:
        cursor = rows.cursor(replica, GLOBAL).number
        for row in rows.identified(replica, index):
            alive = survivor(replica, row.member)
            found.setdefault(alive.id if alive else row.member, row)
        for own in edits.by_phone(journal, index, cursor):
            alive = survivor(replica, own.member)
            if alive is None or not _is_phone_verified(alive):
                taken = IdentifierRow(index, own.member, "", own.account)
                found.setdefault(alive.id if alive else own.member, taken)
        for newcomer in newcomers.by_index(journal, index):
            alive = survivor(replica, newcomer.member)
            if index != newcomer.card_index and _has_another(journal, newcomer, alive):
                continue
            role = newcomer.role_of(index).value
            known = IdentifierRow(index, newcomer.member, newcomer.card_tail, None, role)
            found.setdefault(alive.id if alive else newcomer.member, known)
    return sorted(found.items())


def _has_another(journal: Connection, newcomer: Newcomer, row: MemberRow | None) -> bool:
    """Tell whether the phone of a registration here may be a former one.

    Once the rows know who was registered, they know his phones too.
    """
    is_known = row is not None and row.registered_on is not None
    return is_known or edits.has_phone(journal, newcomer.member)


def _is_phone_verified(row: MemberRow) -> bool:
    return any(one.field == ProfileField.PHONE and one.verified for one in row.versions)


def _from_row(row: MemberRow) -> Standing:
    return Standing(
        member=row.id,
        display_name=row.display_name,
        accounts=row.accounts,
        turnover_minor=row.turnover_minor,
        receipts=row.receipts,
        registered_on=row.registered_on,
        birthday=row.birthday,
        segments=frozenset(row.segments),
        tier_floor=row.tier_floor,
        home_store=row.home_store,
        person=row.person,
        tier_until=row.tier_until,
        dates=row.dates,
        joined=row.joined,
        versions=row.versions,
    )


def _from_newcomer(newcomer: Newcomer | None) -> Standing:
    assert newcomer is not None
    return Standing(
        member=newcomer.member,
        display_name=newcomer.display_name,
        accounts=(newcomer.account,),
        turnover_minor=0,
        receipts=0,
        registered_on=newcomer.registered_on,
        birthday=newcomer.birthday,
        person=newcomer.phone_index,
    )
