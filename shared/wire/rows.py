"""The rows of the streams: what each kind holds, how it is read, and under which key it lives."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from shared.member import NO_HISTORY, FieldVersion, History, NamedDay, PhoneRole
from shared.wire.codec import MalformedError, decoder
from shared.wire.push import Cover, OutcomeKind
from shared.wire.roots import HandOver

KEYS_KEY = b"keys"
"""There is one list of keys."""
NEWEST = 2**64 - 1
"""Publications stand newest first in the order of their keys: a store reads those alone."""
AGENT_TAIL_BYTES = 4
"""Of an agent's id, by which a slip names it."""


def agent_key(agent: UUID, epoch: int) -> bytes:
    """Return the key of an agent's epoch: it begins with what a slip says of both."""
    return agent.bytes[-AGENT_TAIL_BYTES:] + epoch.to_bytes(4, "big") + agent.bytes


class RowKind(StrEnum):
    """Kinds of rows; a key of one kind lives in one stream for ever."""

    KEYS = "keys"
    PACK = "pack"
    MEMBER = "member"
    IDENTIFIER = "identifier"
    ACCOUNT = "account"
    GOODS = "goods"
    LEASE = "lease"
    CASHIER = "cashier"
    SETTINGS = "settings"
    OUTCOME = "outcome"
    CERTIFICATE = "certificate"
    AGENT = "agent"
    CODE_BATCH = "code_batch"
    CODE = "code"
    ERASED = "erased"
    PUBLICATION = "publication"


class RevokedAgent(Struct, array_like=True, frozen=True):
    """An agent whose keys count no more, and the last place of its journal that does."""

    agent: UUID
    epoch: int
    last_seq: int


class KeysRow(Struct, array_like=True, frozen=True):
    """The root-signed list of keys; a lower version than the one at hand is refused.

    `whole` signs what stands before it, `signature` version and pack keys alone; `handed_over`
    leads from former root keys to the one that has signed.
    """

    version: int
    pack_keys: tuple[bytes, ...]
    signature: bytes
    pass_keys: tuple[bytes, ...] = ()
    revoked: tuple[RevokedAgent, ...] = ()
    whole: bytes = b""
    handed_over: tuple[HandOver, ...] = ()


class PackRow(Struct, array_like=True, frozen=True):
    """A pack: canonical bytes, signed.

    From when and where it counts its publications say; `effective_from`, a store-local instant, is
    for packs of which none speaks, and for agents that read none.
    """

    hash: str
    name: str
    version: str
    effective_from: str
    body: bytes
    signature: bytes


class PublicationRow(Struct, array_like=True, frozen=True):
    """From when and where a pack counts, signed by a pack key; added and never changed.

    The words are those of `rules.force.Publication`.
    """

    no: int
    pack: str
    replaces: str
    at: datetime
    effective_from: str
    stores: tuple[str, ...]
    regions: tuple[str, ...]
    signature: bytes


class MemberRow(Struct, array_like=True, frozen=True):
    """What a store needs to serve a member; `merged_into` names the survivor of a merge."""

    id: UUID
    display_name: str
    merged_into: UUID | None
    accounts: tuple[UUID, ...]
    turnover_minor: int
    receipts: int
    registered_on: date | None
    birthday: date | None
    segments: tuple[str, ...]
    tier_floor: str | None
    home_store: str
    person: bytes = b""
    """Blind index of the own phone."""
    referrer: UUID | None = None
    tier_until: date | None = None
    dates: tuple[NamedDay, ...] = ()
    joined: tuple[str, ...] = ()
    """Who those are who joined him, as the names of persons: what they got once, he got."""
    versions: tuple[FieldVersion, ...] = ()
    """Of the edited fields: what the next edit names as replaced."""


class IdentifierRow(Struct, array_like=True, frozen=True):
    """A blind index of a card or phone, whose it is (`role`), and the one account that it may
    redeem from, if it is limited."""

    index: bytes
    member: UUID
    tail: str
    account: UUID | None
    role: str = PhoneRole.OWN


class Holding(Struct, array_like=True, frozen=True):
    """How much of a lot (hundredths) a store holds as its lease."""

    store: str
    amount: int


class LotRow(Struct, array_like=True, frozen=True):
    """A lot with its present amount (hundredths) and who may spend it offline."""

    id: UUID
    wallet: str
    kind: str
    amount: int
    activates_at: datetime
    expires_on: date | None
    holdings: tuple[Holding, ...]


class AccountRow(Struct, array_like=True, frozen=True):
    """An account with all of its live lots; debt in hundredths.

    Its passes up to the counter `passes_over` are used or replaced.
    """

    id: UUID
    member: UUID
    debt: int
    lots: tuple[LotRow, ...]
    history: History = NO_HISTORY
    passes_over: int = 0


class GoodsRow(Struct, array_like=True, frozen=True):
    """Goods of a region: price and floor in kopecks a unit."""

    sku: str
    name: str
    group: str
    brand: str
    flags: tuple[str, ...]
    price_minor: int
    floor_minor: int
    barcodes: tuple[str, ...]


class LeaseRow(Struct, array_like=True, frozen=True):
    """A store's right to spend a lot: two numbers that only grow within an epoch.

    `granted` is raised by the centre alone; `wanted_back` is what the holder is asked to have
    given back in all, and never more than it may still give.
    """

    lot: UUID
    account: UUID
    agent: UUID
    epoch: int
    granted: int
    wanted_back: int
    wallet: str
    activates_at: datetime
    expires_on: date | None


class CashierRow(Struct, array_like=True, frozen=True):
    """A cashier of a store; the hash is Argon2id over the peppered PIN."""

    no: str
    name: str
    role: str
    pin_hash: str


class SettingsRow(Struct, array_like=True, frozen=True):
    """A store's requisites for slips, its zone, region and tills."""

    store: str
    name: str
    address: str
    region: str
    zone: str
    legal_name: str
    tax_number: str
    tills: tuple[str, ...]


class AgentRow(Struct, array_like=True, frozen=True):
    """The key of an epoch of an agent, signed by the root or a pack key: its slips are verified."""

    agent: UUID
    epoch: int
    store: str
    public_key: bytes
    signature: bytes


class ErasedRow(Struct, array_like=True, frozen=True):
    """A member whose personal data are erased: each store erases what its journal has of him.

    The numbers only grow, so that a store tells with one up to where it has done that.
    """

    no: int
    member: UUID


class OutcomeRow(Struct, array_like=True, frozen=True):
    """A later word on a fact that waited or was quarantined.

    `covers` are the numbers of other streams at which its effects are in the rows; those of this
    stream stand before this row.
    """

    fact: UUID
    kind: OutcomeKind
    reason: str
    covers: tuple[Cover, ...] = ()


class CertificateRow(Struct, array_like=True, frozen=True):
    """A certificate by the blind index of its code; what is on it stands in its account.

    `state` is for_sale, active (since it was sold, whatever is left), blocked or refunded. Its
    nominal is 0 kopecks if it is sold for any amount. It pays to `expires_on`, or so many days
    after it was sold.
    """

    index: bytes
    tail: str
    state: str
    nominal_minor: int
    expires_on: date | None = None
    valid_days: int = 0
    pin_hash: str = ""


class CodeBatchRow(Struct, array_like=True, frozen=True):
    """Unique promo codes that were made together: of which campaign, from when, to when.

    It comes after its codes, so that half a batch is worth nothing. `state` is ready or revoked.
    """

    no: int
    campaign: str
    channel: str
    state: str
    first_day: date | None = None
    last_day: date | None = None


class CodeRow(Struct, array_like=True, frozen=True):
    """A unique promo code by its blind index: as short as can be, since there are millions.

    It is unused as long as its account has no row. `revoked` is empty unless it was. A coupon has
    days of its own.
    """

    index: bytes
    batch: int
    owner: UUID | None = None
    revoked: str = ""
    first_day: date | None = None
    last_day: date | None = None


Row = (
    KeysRow
    | PackRow
    | MemberRow
    | IdentifierRow
    | AccountRow
    | GoodsRow
    | LeaseRow
    | CashierRow
    | SettingsRow
    | OutcomeRow
    | CertificateRow
    | AgentRow
    | CodeBatchRow
    | CodeRow
    | ErasedRow
    | PublicationRow
)
_ROWS: dict[RowKind, Callable[[bytes], Any]] = {
    RowKind.KEYS: decoder(KeysRow),
    RowKind.PACK: decoder(PackRow),
    RowKind.MEMBER: decoder(MemberRow),
    RowKind.IDENTIFIER: decoder(IdentifierRow),
    RowKind.ACCOUNT: decoder(AccountRow),
    RowKind.GOODS: decoder(GoodsRow),
    RowKind.LEASE: decoder(LeaseRow),
    RowKind.CASHIER: decoder(CashierRow),
    RowKind.SETTINGS: decoder(SettingsRow),
    RowKind.OUTCOME: decoder(OutcomeRow),
    RowKind.CERTIFICATE: decoder(CertificateRow),
    RowKind.AGENT: decoder(AgentRow),
    RowKind.CODE_BATCH: decoder(CodeBatchRow),
    RowKind.CODE: decoder(CodeRow),
    RowKind.ERASED: decoder(ErasedRow),
    RowKind.PUBLICATION: decoder(PublicationRow),
}
_KINDS: dict[type[Any], RowKind] = {
    KeysRow: RowKind.KEYS,
    PackRow: RowKind.PACK,
    MemberRow: RowKind.MEMBER,
    IdentifierRow: RowKind.IDENTIFIER,
    AccountRow: RowKind.ACCOUNT,
    GoodsRow: RowKind.GOODS,
    LeaseRow: RowKind.LEASE,
    CashierRow: RowKind.CASHIER,
    SettingsRow: RowKind.SETTINGS,
    OutcomeRow: RowKind.OUTCOME,
    CertificateRow: RowKind.CERTIFICATE,
    AgentRow: RowKind.AGENT,
    CodeBatchRow: RowKind.CODE_BATCH,
    CodeRow: RowKind.CODE,
    ErasedRow: RowKind.ERASED,
    PublicationRow: RowKind.PUBLICATION,
}
_KEYS: dict[type[Any], Callable[[Any], bytes]] = {
    KeysRow: lambda _row: KEYS_KEY,
    PackRow: lambda row: row.hash.encode(),
    MemberRow: lambda row: row.id.bytes,
    IdentifierRow: lambda row: row.index + row.member.bytes,
    AccountRow: lambda row: row.id.bytes,
    GoodsRow: lambda row: row.sku.encode(),
    LeaseRow: lambda row: row.lot.bytes + row.agent.bytes + row.epoch.to_bytes(4, "big"),
    CashierRow: lambda row: row.no.encode(),
    SettingsRow: lambda row: row.store.encode(),
    OutcomeRow: lambda row: row.fact.bytes,
    CertificateRow: lambda row: row.index,
    AgentRow: lambda row: agent_key(row.agent, row.epoch),
    CodeBatchRow: lambda row: row.no.to_bytes(4, "big"),
    CodeRow: lambda row: row.index,
    ErasedRow: lambda row: row.no.to_bytes(8, "big"),
    PublicationRow: lambda row: (NEWEST - row.no).to_bytes(8, "big"),
}


def read_row(kind: str, row: bytes) -> Row:
    """Read a change's row; raises MalformedError, also for a kind that is not known."""
    if kind not in _ROWS:
        raise MalformedError(reason=f"unknown kind of row: {kind[:40]}")
    decoded: Row = _ROWS[RowKind(kind)](row)
    return decoded


def kind_of(row: Row) -> RowKind:
    """Return the kind that a row travels under."""
    return _KINDS[type(row)]


def kind_of_type(row: type[Any]) -> str:
    """Return the kind of rows of a type, as it is stored."""
    return _KINDS[row].value


def key_of(row: Row) -> bytes:
    """Return the key of a row: unique within its kind, the same at the centre and in replicas."""
    return _KEYS[type(row)](row)
