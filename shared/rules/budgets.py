"""Budgets of a pack: what all stores together may use up, each an account of nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.rules.code_model import folded
from shared.rules.limit_terms import CAMPAIGN, USES, Limit
from shared.rules.model import Pack


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
    def of(self) -> tuple[str, str, str]:
        """What its windows have in common."""
        return self.pack, self.name, self.what

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


def rule_budget(pack: str, rule: str, limit: Limit, day: date) -> Budget:
    """Return what all stores may use of a rule in the window of a day."""
    whole = limit.window == CAMPAIGN
    span = limit.span(day)
    return Budget(
        pack=pack,
        name=f"rule.{rule}.{limit.window}",
        what=limit.what,
        amount=limit.amount,
        first=None if whole else span.first,
        last=None if whole else span.last,
    )


def budgets_of(pack: Pack, day: date) -> Iterator[Budget]:
    """Yield the budgets of a pack in whose windows a day is."""
    for rule in pack.rules:
        for limit in rule.limits:
            if limit.per == CAMPAIGN:
                yield rule_budget(pack.name, rule.id, limit, day)
    for name, campaign in pack.codes.items():
        of_words = (word_budget(pack, name, word) for word in campaign.words)
        yield from (one for one in of_words if one is not None)
