"""Facts of a store: place, envelope, body and personal part, and how they are chained."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from shared.crypto.chain import digest, link
from shared.ids import once_lot
from shared.member import MemberView, PhoneRole
from shared.receipt import Receipt, Tender
from shared.rules.moment import Moment, Trust
from shared.rules.result import Draw, Evaluation
from shared.wire.codec import MalformedError, decoder, encode
from shared.wire.taken_back import Exchange, ReceiptReturned, ReceiptVoided, ReturnedBySlip


class FactKind(StrEnum):
    """Kinds of facts; an agent and a centre one version apart know each other's."""

    RECEIPT_COMMITTED = "receipt.committed"
    RECEIPT_CANCELLED = "receipt.cancelled"
    RECEIPT_RETURNED = "receipt.returned"
    RECEIPT_VOIDED = "receipt.voided"
    RECEIPT_RETURNED_BY_SLIP = "receipt.returned_by_slip"
    MEMBER_REGISTERED = "member.registered"
    MEMBER_EDITED = "member.edited"
    LOT_ACTIVATED = "lot.activated"
    LEASE_ASKED = "lease.asked"
    LEASE_GIVEN_BACK = "lease.given_back"
    LEASES_REPORTED = "leases.reported"


class LeaseMove(Struct, array_like=True, frozen=True):
    """What a fact takes from the store's lease of one lot, in hundredths of a point.

    `gone` is the cumulative sum of all drawn and given back of this lot in this epoch, after it.
    """

    lot: UUID
    account: UUID
    drawn: int
    given_back: int
    gone: int


class Birth(Struct, array_like=True, frozen=True):
    """A lot that a fact grants, and how much of it the store keeps as its lease from birth."""

    lot: UUID
    account: UUID
    amount: int
    kept: int


class PassUse(Struct, array_like=True, frozen=True):
    """What a sale draws by a signed pass of an account, beyond the leases, in hundredths."""

    account: UUID
    counter: int
    points: int


class Envelope(Struct, array_like=True, frozen=True):
    """The fixed part of a fact: readable without its body, posted even when that is refused."""

    moves: tuple[LeaseMove, ...] = ()
    births: tuple[Birth, ...] = ()
    ends: tuple[UUID, ...] = ()
    """Asks for a one-receipt lease that end with this fact."""
    by_pass: PassUse | None = None


class Granted(Struct, array_like=True, frozen=True):
    """A new lot in hundredths of a point; the effect's number makes its entry's id.

    What a person gets once in a period names both, which with rule and account make the lot's id.
    """

    effect_no: int
    lot: UUID
    account: UUID
    wallet: str
    kind: str
    rule: str
    amount: int
    activates_at: datetime
    expires_on: date | None
    person: str = ""
    period: str = ""
    unit: int = 1
    """The step in which it is taken back, in hundredths."""

    @property
    def once(self) -> UUID | None:
        """What stands for it, of what a person gets once."""
        return once_lot(self.rule, self.person, self.period) if self.person else None


class Issued(Struct, array_like=True, frozen=True):
    """A certificate or a coupon that a sale brings to life, by the blind index of its code.

    `line_no` is the line that sold a certificate. Its lot follows from the index, so that a second
    sale of the same certificate grants nothing. A coupon of a `campaign`, given by a `rule`, is
    good from its first day up to `expires_on`; with an owner it is his alone.
    """

    bearer: str
    index: bytes
    tail: str
    lot: UUID
    account: UUID
    amount: int
    activates_at: datetime
    expires_on: date | None
    line_no: int = 0
    rule: str = ""
    campaign: str = ""
    owner: UUID | None = None
    first_day: date | None = None
    once: UUID | None = None
    """Of what a person gets once: the lot that stands for it, whichever store gives it."""
    person: str = ""
    period: str = ""


class ReceiptCommitted(Struct, frozen=True):
    """A sale as it was printed: what the kernel read, what it answered, how it was paid."""

    receipt: Receipt
    member: MemberView | None
    moment: Moment
    evaluation: Evaluation
    result_hash: str
    granted: tuple[Granted, ...]
    tenders: tuple[Tender, ...]
    fiscal_number: str
    cashier: str
    at: datetime
    day: date
    slip_token_hash: bytes
    bearers: tuple[Draw, ...] = ()
    """What certificates pay, and codes that are used up, from their own lots."""
    issued: tuple[Issued, ...] = ()
    exchange: Exchange | None = None
    """Its credit is one of the tenders, of the kind OTHER, as older readers know it."""


class ReceiptCancelled(Struct, frozen=True):
    """A reserved receipt that came to nothing after the centre had been asked for a lease."""

    receipt: UUID
    at: datetime


class MemberRegistered(Struct, frozen=True):
    """A registration at a till; who the person is travels in the fact's personal part."""

    member: UUID
    account: UUID
    card_index: bytes
    card_tail: str
    phone_index: bytes
    consent: str
    cashier: str
    at: datetime
    day: date
    granted: tuple[Granted, ...] = ()
    referrer: UUID | None = None
    other_phone_index: bytes = b""
    """Of a phone that finds him and is not, or not only, his own."""
    phone_role: str = PhoneRole.OWN
    trusted: Trust = Trust.TRUSTED
    """Whether `at` was the trusted time of its store."""
    till: str = ""


class RegisteredPerson(Struct, frozen=True):
    """The personal part of a registration; the salt keeps its digest from being guessed."""

    salt: bytes
    name: str
    phone: str
    card: str
    birthday: date | None = None
    other_phone: str = ""


class EditedField(Struct, array_like=True, frozen=True):
    """A field of a profile and the edit whose value it replaces; none if nobody had edited it."""

    field: str
    replaces: UUID | None = None


class MemberEdited(Struct, frozen=True):
    """A profile edited at a till: its fact is the version of each field that it names.

    The values travel in the personal part, a new phone also as its blind index. Who showed a card
    that redeems one account alone has edited the profile of that account's owner.
    """

    uid: UUID
    member: UUID
    fields: tuple[EditedField, ...]
    phone_index: bytes
    cashier: str
    at: datetime
    account: UUID | None = None


class EditedPerson(Struct, frozen=True):
    """The personal part of an edit: of the fields that it does not name nothing is said."""

    salt: bytes
    name: str = ""
    phone: str = ""
    email: str = ""
    birthday: date | None = None


class LotActivated(Struct, frozen=True):
    """A pending lot made spendable before its time, on request."""

    uid: UUID
    lot: UUID
    account: UUID
    reason: str
    cashier: str
    at: datetime


class LeaseAsked(Struct, frozen=True):
    """Written before the centre is asked for points for one receipt (hundredths)."""

    ask: UUID
    receipt: UUID
    account: UUID
    amount: int
    at: datetime


class LeaseGivenBack(Struct, frozen=True):
    """Amounts given back stand in the envelope."""

    reason: str
    at: datetime


class HeldLease(Struct, array_like=True, frozen=True):
    """A lease of this epoch with its `granted`, in hundredths of a point."""

    lot: UUID
    account: UUID
    granted: int


class LeasesReported(Struct, frozen=True):
    """The leases that a store holds, told to a centre that was restored from a backup.

    `parts_left` more facts of the same report follow.
    """

    incarnation: UUID
    leases: tuple[HeldLease, ...]
    parts_left: int
    at: datetime


Body = (
    ReceiptCommitted
    | ReceiptCancelled
    | ReceiptReturned
    | ReceiptVoided
    | ReturnedBySlip
    | MemberRegistered
    | MemberEdited
    | LotActivated
    | LeaseAsked
    | LeaseGivenBack
    | LeasesReported
)

_BODIES: dict[FactKind, Callable[[bytes], Any]] = {
    FactKind.RECEIPT_COMMITTED: decoder(ReceiptCommitted),
    FactKind.RECEIPT_CANCELLED: decoder(ReceiptCancelled),
    FactKind.RECEIPT_RETURNED: decoder(ReceiptReturned),
    FactKind.RECEIPT_VOIDED: decoder(ReceiptVoided),
    FactKind.RECEIPT_RETURNED_BY_SLIP: decoder(ReturnedBySlip),
    FactKind.MEMBER_REGISTERED: decoder(MemberRegistered),
    FactKind.MEMBER_EDITED: decoder(MemberEdited),
    FactKind.LOT_ACTIVATED: decoder(LotActivated),
    FactKind.LEASE_ASKED: decoder(LeaseAsked),
    FactKind.LEASE_GIVEN_BACK: decoder(LeaseGivenBack),
    FactKind.LEASES_REPORTED: decoder(LeasesReported),
}

decode_envelope = decoder(Envelope)
decode_person = decoder(RegisteredPerson)
decode_edited = decoder(EditedPerson)


class Fact(Struct, array_like=True, frozen=True):
    """A link of one agent's chain; `envelope`, `body` and `personal` are canonical bytes.

    `kind` is free text here, so that an unknown kind is quarantined and never stops a batch.
    """

    agent: UUID
    epoch: int
    seq: int
    id: UUID
    hlc: int
    kind: str
    prev_hash: bytes
    hash: bytes
    envelope: bytes
    body: bytes
    personal: bytes = b""
    personal_digest: bytes = b""
    """Stands in the chain, so that the personal part can be erased."""


def body_of(fact: Fact) -> Body:
    """Read the body of a fact; raises MalformedError, also for a kind that is not known."""
    return read_body(fact.kind, fact.body)


def known_body(fact: Fact) -> Body | None:
    """Read the body of a fact; None for one that this version does not know, or cannot read."""
    try:
        return body_of(fact)
    except MalformedError:
        return None


def read_body(kind: str, body: bytes) -> Body:
    """Read the body of a fact of a kind; raises MalformedError."""
    if kind not in _BODIES:
        raise MalformedError(reason=f"unknown kind of fact: {kind[:40]}")
    decoded: Body = _BODIES[FactKind(kind)](body)
    return decoded


def is_timed(body: Body) -> bool:
    """Tell whether a fact happened on the trusted time of its store, as far as its body says."""
    moment = body.moment if isinstance(body, ReceiptCommitted) else body
    return getattr(moment, "trusted", Trust.TRUSTED) is Trust.TRUSTED


def seal(fact: Fact) -> Fact:
    """Return the fact with the digest of its personal part and its hash filled in."""
    personal_digest = digest(fact.personal) if fact.personal else b""
    open_fact = replace(fact, personal_digest=personal_digest, hash=b"")
    return replace(open_fact, hash=hash_of(open_fact))


def hash_of(fact: Fact) -> bytes:
    """Return the hash that the fact's bytes and its predecessor give."""
    head = encode(
        (
            fact.agent,
            fact.epoch,
            fact.seq,
            fact.id,
            fact.hlc,
            fact.kind,
            fact.envelope,
            digest(fact.body),
            fact.personal_digest,
        )
    )
    return link(fact.prev_hash, head)


def is_intact(fact: Fact) -> bool:
    """Tell whether a fact's bytes still give its hash; an erased personal part does not matter."""
    if fact.personal and digest(fact.personal) != fact.personal_digest:
        return False
    return hash_of(fact) == fact.hash
