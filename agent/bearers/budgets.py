"""Budgets of rules as this store knows them: what the chain has left, and what it may use here."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from agent.leases.lots import LotStanding, Reach, lots_of
from agent.station import Station
from shared.receipt import BudgetLeft
from shared.rules.budgets import rule_budget
from shared.rules.compile import CompiledPack
from shared.rules.limit_terms import CAMPAIGN
from shared.rules.moment import Moment
from shared.rules.result import BudgetUse, Draw


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """What may be used of a rule; one that the centre has not opened yet has nothing."""

    rule: str
    what: str
    window: str
    account: UUID
    lots: tuple[LotStanding, ...]

    @property
    def here(self) -> int:
        """What this store may use now."""
        return sum(lot.here for lot in self.lots)

    def left(self, reach: Reach) -> BudgetLeft:
        """Return what the kernel is told of it."""
        chain = sum(max(0, lot.amount) for lot in self.lots)
        left = self.here if reach is Reach.STORE else chain
        return BudgetLeft(self.rule, self.what, self.window, left)

    def is_of(self, use: BudgetUse) -> bool:
        """Tell whether a receipt uses this one."""
        mine = (self.rule, self.what, self.window, CAMPAIGN)
        return (use.rule, use.what, use.window, use.per) == mine

    def draws(self, amount: int) -> list[Draw]:
        """Take an amount of what this store may use."""
        drawn, left = list[Draw](), amount
        for lot in self.lots:
            part = min(left, lot.here)
            if part > 0:
                drawn.append(Draw(lot.id, lot.account, part))
                left -= part
        assert not left, f"budget of {self.rule}: {left} are not here"
        return drawn


def look_up_budgets(
    station: Station, journal: Connection, pack: CompiledPack, moment: Moment
) -> tuple[BudgetStanding, ...]:
    """Return how the budgets of a pack's rules stand here on the day of a moment."""
    of_chain = [(rule, limit) for rule, limit in pack.budgeted if limit.per == CAMPAIGN]
    if not of_chain:
        return ()
    accounts = [
        rule_budget(pack.source.name, rule, limit, moment.day).account for rule, limit in of_chain
    ]
    lots = lots_of(station, journal, accounts)
    return tuple(
        BudgetStanding(
            rule=rule,
            what=limit.what,
            window=limit.window,
            account=account,
            lots=tuple(lot for lot in lots.values() if lot.account == account),
        )
        for (rule, limit), account in zip(of_chain, accounts, strict=True)
    )
