"""A fact read: its envelope and body as values, or the reason why they cannot be posted.

Everything here follows from the fact's own bytes; what depends on the ledger is checked later.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from central.ingest.chain import Standing
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.clock import instant_of
from shared.crypto.blind import INDEX_BYTES
from shared.crypto.chain import digest
from shared.errors import LoyaltyError
from shared.ids import account_lot, once_lot
from shared.ledger.books import Holder
from shared.member import MemberView, PhoneRole, ProfileField, person_key
from shared.wire.codec import MalformedError, encode
from shared.wire.facts import (
    Body,
    EditedPerson,
    Envelope,
    Fact,
    FactKind,
    Granted,
    Issued,
    LeaseAsked,
    LeaseGivenBack,
    LeaseMove,
    LeasesReported,
    LotActivated,
    MemberEdited,
    MemberRegistered,
    PassUse,
    ReceiptCancelled,
    ReceiptCommitted,
    RegisteredPerson,
    decode_edited,
    decode_envelope,
    decode_person,
    read_body,
)
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip

HLC_MAX = 1 << 62
TEXT_MAX = 1000
GRACE_DAYS_MAX = 36_500
AMOUNT_MAX = 10**15
"""Of any number of points or kopecks in a fact: what is larger does not add up in 64 bits."""


_OWN_UID = (ReceiptReturned, ReceiptVoided, ReturnedBySlip, LotActivated)
"""Documents that have a uid of their own."""
_INDEXES = (0, INDEX_BYTES)
"""Lengths of a blind index that may be missing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A fact as ingest works with it; `fault` says why it cannot be posted, if it cannot."""

    fact: Fact
    store: str
    standing: Standing
    envelope: Envelope
    body: Body | None
    person: RegisteredPerson | EditedPerson | None
    fault: str
    is_unproved: bool = False
    """Damaged on a branch: no count proves what its envelope says."""
    heard_at: datetime | None = None
    """When it came, if another transaction has kept it."""

    @property
    def holder(self) -> Holder:
        """Whose leases it moves: a branch keeps what was born in it apart from the journal's, under
        a negative epoch, of which no other copy of the disk hears."""
        sign = -1 if self.standing is Standing.BRANCH else 1
        return Holder(self.fact.agent, sign * self.fact.epoch)

    @property
    def at(self) -> datetime:
        """The instant of the fact, by its agent's clock."""
        return instant_of(min(max(0, self.fact.hlc), HLC_MAX))

    @property
    def document(self) -> UUID | None:
        """The uid under which its document is found, if it is one."""
        if isinstance(self.body, ReceiptCommitted):
            return self.body.receipt.uid
        if isinstance(self.body, _OWN_UID):
            return self.body.uid
        return None

    @property
    def whose(self) -> UUID | None:
        """The member whom its personal part is of, if it has one."""
        if isinstance(self.body, MemberRegistered | MemberEdited):
            return self.body.member
        return None

    @property
    def moves(self) -> tuple[LeaseMove, ...]:
        """The envelope's moves that make sense, one a lot."""
        return tuple({move.lot: move for move in self.envelope.moves if _is_move(move)}.values())

    @property
    def by_pass(self) -> PassUse | None:
        """The pass by which it draws, if what its envelope says of that makes sense."""
        use = self.envelope.by_pass
        return use if use is not None and _is_use(self.envelope, use) else None


def read(fact: Fact, store: str, standing: Standing, fault: str = "") -> Reading:
    """Read a fact; nothing in it makes this raise."""
    envelope, envelope_fault = _envelope(fact)
    body, body_fault = _body(fact)
    person, person_fault = _person(fact)
    clock_fault = "" if 0 <= fact.hlc < HLC_MAX else "clock_senseless"
    fault = fault or clock_fault or envelope_fault or body_fault or person_fault
    if not fault and body is not None:
        fault = _disagreement(envelope, body, store)
    return Reading(fact, store, standing, envelope, body, person, fault)


def content_of(fact: Fact) -> bytes:
    """Return the digest of what a fact says, wherever it stands."""
    parts = (fact.kind, fact.envelope, digest(fact.body), fact.personal_digest)
    return digest(encode(parts))


def _envelope(fact: Fact) -> tuple[Envelope, str]:
    try:
        envelope = decode_envelope(fact.envelope)
    except MalformedError:
        return Envelope(), "envelope_unreadable"
    lots = [move.lot for move in envelope.moves]
    born = {birth.lot for birth in envelope.births}
    sane = (
        all(map(_is_move, envelope.moves))
        and all(0 <= birth.kept <= birth.amount <= AMOUNT_MAX for birth in envelope.births)
        and len(set(lots)) == len(lots)
        and len(born) == len(envelope.births)
        and born.isdisjoint(lots)
        and (envelope.by_pass is None or _is_use(envelope, envelope.by_pass))
    )
    return envelope, "" if sane else "envelope_senseless"


def _is_move(move: LeaseMove) -> bool:
    gone = move.drawn + move.given_back
    return min(move.drawn, move.given_back) >= 0 and gone <= move.gone <= AMOUNT_MAX


def _is_use(envelope: Envelope, use: PassUse) -> bool:
    """Tell whether a pass gives no more than is drawn of its account; only a sale draws."""
    drawn = sum(move.drawn for move in envelope.moves if move.account == use.account)
    return 0 < use.points <= drawn and 0 < use.counter < HLC_MAX


def _body(fact: Fact) -> tuple[Body | None, str]:
    try:
        return read_body(fact.kind, fact.body), ""
    except (LoyaltyError, AssertionError, ArithmeticError):
        return None, "body_unreadable" if fact.kind in set(FactKind) else "unknown_kind"


def _person(fact: Fact) -> tuple[RegisteredPerson | EditedPerson | None, str]:
    if not fact.personal:
        return None, ""
    person: RegisteredPerson | EditedPerson
    try:
        if fact.kind == FactKind.MEMBER_EDITED:
            person = decode_edited(fact.personal)
            sane = _are_texts(person.name, person.phone, person.email)
        else:
            person = decode_person(fact.personal)
            sane = _are_texts(person.name, person.phone, person.card, person.other_phone)
    except MalformedError:
        return None, "person_unreadable"
    return (person, "") if sane else (None, "person_unreadable")


def _disagreement(envelope: Envelope, body: Body, store: str) -> str:
    """Say how envelope and body contradict each other or the store, or nothing."""
    if body.at.tzinfo is None:
        return "instant_without_zone"
    return _CHECKS[type(body)](envelope, body, store)


def _sale(envelope: Envelope, sale: ReceiptCommitted, store: str) -> str:
    if sale.receipt.store != store:
        return "other_store"
    if not _is_told(envelope, sale):
        return "envelope_disagrees"
    if not _are_issued(envelope, sale.issued):
        return "issue_senseless"
    if sale.member is None:
        gifts = [one for one in sale.issued if one.once is not None]
        points = sale.evaluation.redemption.draws or sale.granted or gifts
        return "points_of_nobody" if points else ""
    return _grants(envelope, sale, sale.member)


def _is_told(envelope: Envelope, sale: ReceiptCommitted) -> bool:
    """Tell whether the envelope moves and brings what the body says."""
    drawn = (*sale.evaluation.redemption.draws, *sale.bearers)
    brought: list[Granted | Issued] = [*sale.granted, *sale.issued]
    draws = _sums((draw.lot, draw.account, draw.amount) for draw in drawn)
    moved = _sums((move.lot, move.account, move.drawn) for move in envelope.moves)
    granted = _sums((lot.lot, lot.account, lot.amount) for lot in brought)
    born = _sums((birth.lot, birth.account, birth.amount) for birth in envelope.births)
    return draws == moved and granted == born


def _grants(envelope: Envelope, sale: ReceiptCommitted, member: MemberView) -> str:
    mine = {member.account, member.referrer}
    if any(lot.account not in mine for lot in sale.granted):
        return "grant_to_another"
    if not _are_once(envelope, sale.granted, member.person_key):
        return "once_senseless"
    turnover = sale.evaluation.totals.turnover_minor
    brought = len(sale.granted) + len(sale.issued)
    sane = 0 <= turnover <= AMOUNT_MAX and brought == len(envelope.births)
    return "" if sane and all(map(_is_grant, sale.granted)) else "grant_senseless"


def _are_issued(envelope: Envelope, issued: Iterable[Issued]) -> bool:
    """Tell whether certificates and coupons are what their indexes say, each once.

    No store keeps a certificate from birth: two could sell the same one.
    """
    found = {one.lot: one for one in issued}
    kept = {birth.lot for birth in envelope.births if birth.kept}
    return all(
        _is_issued(one) and not (one.lot in kept and one.bearer == Bearer.CERTIFICATE)
        for one in found.values()
    )


def _is_issued(one: Issued) -> bool:
    sound = {
        Bearer.CERTIFICATE: one.amount > 0,
        Bearer.CODE: one.amount == 1 and bool(one.campaign),
    }
    return (
        one.bearer in sound
        and sound[Bearer(one.bearer)]
        and len(one.index) == INDEX_BYTES
        and one.account == bearer_account(Bearer(one.bearer), one.index)
        and one.lot == bearer_lot(one.account)
        and one.activates_at.tzinfo is not None
        and _are_texts(one.tail, one.rule, one.campaign, one.person, one.period)
        and one.once in (None, once_lot(one.rule, one.person, one.period))
    )


def _return(envelope: Envelope, returned: ReceiptReturned, _store: str) -> str:
    if envelope.births or any(move.drawn for move in envelope.moves):
        return "envelope_disagrees"
    gone = (*returned.taken, *returned.reached, *returned.revoked)
    lots = {draw.lot for draw in gone}
    if any(move.lot not in lots for move in envelope.moves):
        return "envelope_disagrees"
    back = (*returned.restored, *returned.refilled, *returned.withheld, *returned.kept)
    amounts = [*(draw.amount for draw in (*gone, *back)), returned.turnover_minor]
    sane = all(0 <= amount <= AMOUNT_MAX for amount in amounts)
    in_time = returned.grace_days is None or 0 <= returned.grace_days <= GRACE_DAYS_MAX
    return "" if sane and in_time else "amount_senseless"


def _void(envelope: Envelope, voided: ReceiptVoided, _store: str) -> str:
    gone = (*voided.taken, *voided.revoked)
    lots = {draw.lot for draw in gone}
    only_back = not envelope.births and not any(move.drawn for move in envelope.moves)
    if not only_back or any(move.lot not in lots for move in envelope.moves):
        return "envelope_disagrees"
    amounts = [draw.amount for draw in (*voided.restored, *voided.refilled, *gone)]
    sane = all(0 <= amount <= AMOUNT_MAX for amount in (*amounts, voided.turnover_minor))
    return "" if sane else "amount_senseless"


def _by_slip(envelope: Envelope, returned: ReturnedBySlip, store: str) -> str:
    numbers = [
        number
        for line in returned.lines
        for number in (line.quantity, line.money_minor, line.restored_points, line.taken_points)
    ]
    sane = all(0 <= number <= AMOUNT_MAX for number in (*numbers, returned.money_minor))
    named = len({line.no for line in returned.lines}) == len(returned.lines)
    if not sane or not named or not _are_texts(returned.store):
        return "amount_senseless"
    return _no_points(envelope, returned, store)


def _is_grant(lot: Granted) -> bool:
    return lot.activates_at.tzinfo is not None and _are_texts(
        lot.wallet, lot.kind, lot.rule, lot.period
    )


def _registration(envelope: Envelope, new: MemberRegistered, _store: str) -> str:
    granted = _sums((lot.lot, lot.account, lot.amount) for lot in new.granted)
    born = _sums((birth.lot, birth.account, birth.amount) for birth in envelope.births)
    if envelope.moves or granted != born:
        return "envelope_disagrees"
    if any(lot.account != new.account or not lot.person for lot in new.granted):
        return "grant_to_another"
    person = person_key(new.phone_index, new.member)
    if not all(map(_is_grant, new.granted)) or not _are_once(envelope, new.granted, person):
        return "once_senseless"
    phones = (new.phone_index, new.other_phone_index)
    found_by = len(new.card_index) == INDEX_BYTES and all(len(one) in _INDEXES for one in phones)
    is_own = new.phone_role == PhoneRole.OWN
    in_role = new.phone_role in set(PhoneRole) and is_own == (not new.other_phone_index)
    sane = found_by and in_role and _are_texts(new.card_tail, new.consent)
    return "" if sane else "registration_senseless"


def _edit(envelope: Envelope, edited: MemberEdited, store: str) -> str:
    named = [one.field for one in edited.fields]
    is_phone = ProfileField.PHONE in named
    sane = (
        0 < len(set(named)) == len(named)
        and set(named) <= set(ProfileField)
        and len(edited.phone_index) == (INDEX_BYTES if is_phone else 0)
        and _are_texts(edited.cashier)
    )
    return _no_points(envelope, edited, store) if sane else "edit_senseless"


def _are_once(envelope: Envelope, granted: Iterable[Granted], person: str) -> bool:
    """Tell whether grants that a person gets once are that person's, and kept by no store.

    An agent of the version before calls the lot by what stands for it, whatever the account.
    """
    once = {lot.lot: lot for lot in granted if lot.person}
    return not any(birth.kept for birth in envelope.births if birth.lot in once) and all(
        lot.person == person and _is_lot_of_once(lot) for lot in once.values()
    )


def _is_lot_of_once(lot: Granted) -> bool:
    once = once_lot(lot.rule, lot.person, lot.period)
    return lot.lot in (account_lot(once, lot.account), once)


def _are_texts(*texts: str) -> bool:
    """Tell whether texts can be stored: PostgreSQL takes no NUL."""
    return all(len(text) <= TEXT_MAX and "\0" not in text for text in texts)


def _only_back(envelope: Envelope, _body: Body, _store: str) -> str:
    drawn = any(move.drawn for move in envelope.moves)
    return "envelope_disagrees" if envelope.births or drawn else ""


def _no_points(envelope: Envelope, _body: Body, _store: str) -> str:
    return "envelope_disagrees" if envelope.births or envelope.moves else ""


def _report(envelope: Envelope, report: LeasesReported, store: str) -> str:
    sane = report.parts_left >= 0 and all(0 <= one.granted <= AMOUNT_MAX for one in report.leases)
    return _no_points(envelope, report, store) if sane else "amount_senseless"


def _sums(parts: Iterable[tuple[UUID, UUID, int]]) -> dict[tuple[UUID, UUID], int]:
    sums: dict[tuple[UUID, UUID], int] = {}
    for lot, account, amount in parts:
        sums[(lot, account)] = sums.get((lot, account), 0) + amount
    return {key: amount for key, amount in sums.items() if amount}


_CHECKS: dict[type[Any], Callable[[Envelope, Any, str], str]] = {
    ReceiptCommitted: _sale,
    ReceiptReturned: _return,
    ReceiptVoided: _void,
    ReturnedBySlip: _by_slip,
    ReceiptCancelled: _only_back,
    LeaseGivenBack: _only_back,
    MemberRegistered: _registration,
    MemberEdited: _edit,
    LotActivated: _no_points,
    LeaseAsked: _no_points,
    LeasesReported: _report,
}
