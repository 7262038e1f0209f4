"""What the judge is told: plain numbers of what members did and what tills answered."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

SURPRISE = "surprise"
"""The invariant that nothing raises what nobody has foreseen."""


class ViolationError(Exception):
    """An invariant that does not hold."""

    def __init__(self, invariant: str, what: str) -> None:
        self.invariant = invariant
        self.what = what
        super().__init__(f"{invariant}: {what}")


@dataclass(frozen=True, slots=True)
class Points:
    """Hundredths of a point of a lot; ids are hex."""

    lot: str
    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class PassUse:
    """What a sale has drawn by a signed pass beyond its store's leases, and when by its clock."""

    account: str
    counter: int
    points: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Bought:
    """A sale as the till answered it, in kopecks and hundredths of points."""

    store: str
    receipt: str
    fact: str
    slip: str
    account: str
    lines: tuple[tuple[int, int, int, int], ...]
    """Base, discount, paid by points, to pay."""
    effects: tuple[tuple[int, tuple[int, ...]], ...]
    """Amount and allocations."""
    tenders: tuple[int, ...]
    turnover_minor: int
    by_bearer: tuple[tuple[str, int, bool], ...]
    """What certificates paid (True), and promo codes that were used up, by their accounts."""
    drawn: tuple[Points, ...]
    granted: tuple[Points, ...]
    quantities: tuple[tuple[int, int], ...] = ()
    """Number and thousandths of each line."""

    def codes_used(self) -> list[Points]:
        """Return the uses of promo codes: they stay used, unless the sale is voided."""
        codes = {account for account, _, is_money in self.by_bearer if not is_money}
        return [one for one in self.drawn if one.account in codes]


@dataclass(frozen=True, slots=True)
class Returned:
    """A return or void as the till answered it; by a slip alone, what the centre will find."""

    store: str
    sale: str
    fact: str
    slip: str
    account: str
    money_minor: int
    turnover_minor: int
    restored: tuple[Points, ...]
    taken: tuple[Points, ...]
    is_all: bool = False
    """Nothing of the sale stays."""
    void: str = ""
    """The uid of a void, which also takes back visit and what a person gets once."""
    once: tuple[Points, ...] = ()
    """Lots that a person gets once, of a sale that was voided: they may be granted anew."""
    lines: tuple[tuple[int, int], ...] = ()
    """Number and thousandths of each line that came back."""


@dataclass(slots=True)
class Store:
    """A store as the judge sees it: its files, and what its till and printer have said."""

    code: str
    agent: str
    folder: Path
    zone: str
    papers: Counter[bytes]
    image_gone: dict[tuple[int, str], int] | None = None
    """Of a cloned disk: what its image had let go of each lot (by epoch) when it was started."""
    facts: set[str] = field(default_factory=set)
    slips: dict[str, str] = field(default_factory=dict)
    """With the facts that they are of."""
    lost: set[str] = field(default_factory=set)
    """Facts that were on the disk and are not on the image that was put back."""

    @property
    def journal(self) -> Path:
        """The file of facts."""
        return self.folder / "journal.db"
