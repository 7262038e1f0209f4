"""A member as the centre sees him at an instant that is past: what came later is taken off again.

Later is told by the documents' own instants. What the receipt itself had, and what the store knew
of the person, stays as the fact says: only the figures that depend on other stores are ours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace as changed

from central.members.store import Member
from shared.ledger.books import Account
from shared.ledger.entries import Turnover
from shared.ledger.history import joined, with_days, with_uses
from shared.member import DayCount, History, MemberView, Use


@dataclass(frozen=True, slots=True)
class Later:
    """What documents of one account have brought after an instant."""

    turnover: tuple[Turnover, ...] = ()
    uses: tuple[Use, ...] = ()
    once: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What the centre knows now of a member, and what of it is later than the receipt."""

    member: Member | None
    accounts: Sequence[Account]
    later: dict[UUID, Later] = field(default_factory=dict)


def as_of(view: MemberView, known: Known) -> MemberView:
    """Return the view of a fact with the centre's figures at that instant in their place."""
    rewound = [_rewound(one, known.later.get(one.id, Later())) for one in known.accounts]
    seen = replace(
        view,
        turnover_minor=sum(turnover for turnover, _, _ in rewound),
        receipts=sum(receipts for _, receipts, _ in rewound),
        history=joined(history for _, _, history in rewound),
    )
    if known.member is None:
        return seen
    return replace(
        seen,
        segments=frozenset(known.member.segments.split()),
        tier_floor=known.member.tier_floor,
        tier_until=known.member.tier_until,
    )


def later_than(
    entries: Iterable[Turnover], at: datetime, own: UUID
) -> dict[UUID, tuple[Turnover, ...]]:
    """Return by account what is later than an instant, and what the document itself has counted."""
    found: dict[UUID, tuple[Turnover, ...]] = {}
    for entry in entries:
        if entry.at > at or entry.document == own:
            found[entry.account] = (*found.get(entry.account, ()), entry)
    return found


def is_like(one: MemberView, other: MemberView) -> bool:
    """Tell whether the kernel must find the same for both: only the order of what was differs."""
    return _plain(one) == _plain(other)


def _plain(view: MemberView) -> MemberView:
    history = view.history
    once = tuple(sorted(history.once))
    days = tuple(day for day in history.days if day != DayCount(day.day))
    uses = {(use.day, use.rule): use for use in history.uses if use.times or use.points}
    in_order = tuple(use for _, use in sorted(uses.items(), key=lambda item: item[0]))
    return replace(view, history=History(once, days, in_order))


def _rewound(account: Account, later: Later) -> tuple[int, int, History]:
    turnover = sum(entry.amount_minor for entry in later.turnover)
    visits = sum(entry.visits for entry in later.turnover)
    undone = [
        DayCount(entry.day, -entry.amount_minor, -entry.points, -entry.visits)
        for entry in later.turnover
    ]
    unused = [Use(use.rule, use.day, -use.times, -use.points) for use in later.uses]
    history = with_uses(with_days(account.history, undone), unused)
    once = tuple(lot for lot in history.once if lot not in later.once)
    rewound = changed(history, once=once)
    return account.turnover_minor - turnover, account.receipts - visits, rewound
