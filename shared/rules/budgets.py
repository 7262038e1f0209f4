"""Budgets of a pack: what all stores together may use up, each an account of nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.rules.code_model import folded
from shared.rules.model import Pack

USES: Final = "uses"


@dataclass(frozen=True, slots=True)
class Budget:
    """So much of something: uses, hundredths of a point, or kopecks, for some days or for ever.

    Its account follows from what it is of, so that a new version of the pack goes on with it.
    """

    pack: str
    name: str
    what: str
    amount: int
    first: date | None = None
    last: date | None = None

    @property
    def account(self) -> UUID:
        """The account that counts it."""
        return budget_account(self.pack, self.name, self.what, self.first)

    @property
    def lot(self) -> UUID:
        """The one lot of that account."""
        return bearer_lot(self.account)


def budget_account(pack: str, name: str, what: str, first: date | None = None) -> UUID:
    """Return the account of a budget; `first` is the day with which its window begins."""
    began = "" if first is None else first.isoformat()
    return bearer_account(Bearer.BUDGET, f"{pack}/{name}/{what}/{began}".encode())


def word_budget(pack: Pack, campaign: str, word: str) -> Budget | None:
    """Return how often a word of a campaign may be taken; None is for ever."""
    terms = pack.codes[campaign]
    if terms.per_code_max is None:
        return None
    return Budget(
        pack=pack.name,
        name=f"code.{campaign}.{folded(word)}",
        what=USES,
        amount=terms.per_code_max,
        last=terms.when.last,
    )


def budgets_of(pack: Pack) -> Iterator[Budget]:
    """Yield the budgets of a pack."""
    for name, campaign in pack.codes.items():
        of_words = (word_budget(pack, name, word) for word in campaign.words)
        yield from (one for one in of_words if one is not None)
