"""An agent and the centre meet: enrolment, sessions, and asking for points for one receipt."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from shared.wire.codec import decoder, encode
from shared.wire.rows import PublicationRow
from shared.wire.snapshot import Tally

LIVES_MAX = 100
"""How many of a centre's lives a session names: the last ones."""
_MISREAD = str.maketrans({"0": "O", "1": "I", "8": "B", "-": None, " ": None})


class EnrolRequest(Struct, frozen=True):
    """The one-time code of a store with the agent's new public key."""

    code: str
    public_key: bytes
    version: str
    wrapping_key: bytes = b""
    """For which keys are wrapped that only this agent reads; empty from one that reads none."""


class EnrolAnswer(Struct, frozen=True):
    """Who the agent is from now on, and the secrets of the chain that its store works with."""

    agent: UUID
    epoch: int
    store: str
    root_key: bytes
    card_prefix: str
    card_block: int
    index_key: bytes
    pin_pepper: bytes


class SessionRequest(Struct, frozen=True):
    """What an agent says when it opens a session; signed like every writing request."""

    agent: UUID
    epoch: int
    version: str
    last_seq: int
    """Where its journal ends."""
    oldest_unsent_at: datetime | None = None
    """When the oldest fact happened that it has not sent yet, if there is one."""
    wrapping_key: bytes = b""
    """Of its epoch; empty from an agent that reads no encrypted rows."""


class StreamHead(Struct, array_like=True, frozen=True):
    """The newest visible number of a stream."""

    stream: str
    number: int


class LifeBegan(Struct, array_like=True, frozen=True):
    """A life of the centre and the global stream's number when it began: higher numbers of the life
    before mean other rows."""

    incarnation: UUID
    began_at: int


def code_as_made(typed: str) -> str:
    """Return an enrolment code as it was made, of what a person has typed."""
    return typed.strip().upper().translate(_MISREAD)


def parted_at(mine: Sequence[LifeBegan], theirs: Sequence[LifeBegan]) -> int:
    """Return up to which number of the global stream two lines of lives have the same rows.

    A restored database remembers the lives up to its backup: it may never have known the last one
    of the other line, and may lack what came between them. 0 if nothing is common; the same line
    parts nowhere and is not asked about.
    """
    common = [life for life in mine if life in theirs]
    if not common:
        return 0
    later = [life for line in (mine, theirs) for life in line[line.index(common[-1]) + 1 :]]
    return min(life.began_at for life in later)


class BackedUp(Struct, array_like=True, frozen=True):
    """Up to which place of an epoch a backup of the centre has what an agent has pushed, and the
    hash of the fact there: a journal that has the same one has the same facts before it."""

    epoch: int
    seq: int
    hash: bytes


class SessionAnswer(Struct, frozen=True):
    """A session's key, the centre's clock and incarnation, and where the agent's streams end."""

    session: UUID
    key: bytes
    expires_at: datetime
    now: datetime
    incarnation: UUID
    expects: int
    streams: tuple[StreamHead, ...]
    barred: str = ""
    """Why this epoch gets no leases any more, if so: a new epoch is to be begun."""
    lives: tuple[LifeBegan, ...] = ()
    """The centre's last lives in their order, the present one at the end."""
    hash: bytes = b""
    """Of the fact before the one that is expected, as this centre knows it: another copy of the
    agent's disk may have sent that one. Empty from a centre that does not tell."""
    tallies: tuple[Tally, ...] = ()
    """What the rows of the agent's streams sum up to at some recent numbers."""
    backed_up: tuple[BackedUp, ...] = ()
    """What the newest confirmed backup holds of each of the agent's epochs."""
    keys: bytes = b""
    """The keys of the agent's streams, wrapped for it; empty if rows come plain."""


class EpochRequest(Struct, frozen=True):
    """An agent gives up the leases of its epoch and asks for the next one, under a new key.

    The key of the ended epoch signs; a copy of this disk with the same old key comes too late.
    """

    agent: UUID
    epoch: int
    public_key: bytes
    reason: str


class EpochAnswer(Struct, frozen=True):
    """The epoch that begins, and a new block of card numbers: the old one's count may be lost."""

    epoch: int
    card_block: int


class LotWish(Struct, array_like=True, frozen=True):
    """How much of a lot (hundredths) a receipt would draw beyond what its store holds of it."""

    lot: UUID
    amount: int


class LeaseAsk(Struct, frozen=True):
    """A request for points (hundredths) of one account's member for one receipt.

    `lots` says of which lots, since a receipt may spend one wallet and not another; without it any
    will do.
    """

    ask: UUID
    agent: UUID
    epoch: int
    receipt: UUID
    account: UUID
    amount: int
    lots: tuple[LotWish, ...] = ()


class LeaseRaise(Struct, array_like=True, frozen=True):
    """A lease as it stands after an ask: `granted` in all, `given` of it for this ask."""

    lot: UUID
    account: UUID
    granted: int
    given: int


class SaleAsk(Struct, frozen=True):
    """A request for a sale of the chain, so that another store can take it back."""

    agent: UUID
    epoch: int
    receipt: UUID


class ToldReturn(Struct, array_like=True, frozen=True):
    """A return or void that has been posted: the kind and the body of a fact."""

    kind: str
    body: bytes


class SaleAnswer(Struct, frozen=True):
    """A sale in the bytes of its fact, empty if the centre has none, and what took it back."""

    store: str
    sale: bytes
    returns: tuple[ToldReturn, ...]


class LeaseAnswer(Struct, frozen=True):
    """Leases raised for an ask; `recalling` > 0 tells that holders were asked to give back."""

    raised: tuple[LeaseRaise, ...]
    missing: int
    recalling: int


def keys_bytes(version: int, pack_keys: tuple[bytes, ...]) -> bytes:
    """Return the bytes of a key list that the root key signs."""
    return b"kopilka/keys/1" + encode((version, pack_keys))


def agent_bytes(agent: UUID, epoch: int, store: str, public_key: bytes) -> bytes:
    """Return the bytes of an agent's key that the root key or a pack key signs."""
    return b"kopilka/agent/1" + encode((agent, epoch, store, public_key))


def pack_signing_bytes(pack_hash: str) -> bytes:
    """Return the bytes of a pack that a pack key signs."""
    return b"kopilka/pack/1" + pack_hash.encode()


def publication_bytes(row: PublicationRow) -> bytes:
    """Return the bytes of a publication that a pack key signs."""
    said = (row.no, row.pack, row.replaces, row.at, row.effective_from, row.stores, row.regions)
    return b"kopilka/publication/1" + encode(said)


decode_enrol_request = decoder(EnrolRequest)
decode_enrol_answer = decoder(EnrolAnswer)
decode_session_request = decoder(SessionRequest)
decode_session_answer = decoder(SessionAnswer)
decode_epoch_request = decoder(EpochRequest)
decode_epoch_answer = decoder(EpochAnswer)
decode_sale_ask = decoder(SaleAsk)
decode_sale_answer = decoder(SaleAnswer)
decode_lease_ask = decoder(LeaseAsk)
decode_lease_answer = decoder(LeaseAnswer)
