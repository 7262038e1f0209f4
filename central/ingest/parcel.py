"""A batch whose head was checked, with what is known of where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from central.ingest.chain import first_seq, places
from shared.ledger.books import Holder
from shared.wire.push import PushBatch


class Missing(Enum):
    """What becomes of a batch when facts before it are missing."""

    AWAITED = auto()
    """It is not taken in: they are to come first."""
    PASSED_OVER = auto()
    """It is: a person says that nobody has them."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch, the epoch whose key has signed its head, and, if it is one of a file, the chain's
    hash at each place of all that it hangs together with."""

    batch: PushBatch
    signed_in: int
    run: Mapping[int, bytes] | None = None
    missing: Missing = Missing.AWAITED

    @property
    def holder(self) -> Holder:
        """The journal that it is of."""
        return Holder(self.batch.head.agent, self.batch.head.epoch)

    @property
    def chain(self) -> Mapping[int, bytes]:
        """The chain's hash at each place that its facts prove to be of one journal."""
        return places(self.batch) if self.run is None else self.run

    @property
    def first(self) -> int:
        """The number of its first place."""
        return first_seq(self.batch)

    @property
    def is_own(self) -> bool:
        """Whether the key of its own epoch has signed it; else it is of a copy of the disk."""
        return self.signed_in == self.batch.head.epoch
