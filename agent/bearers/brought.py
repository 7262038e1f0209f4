"""What a receipt brings that is no member's: certificates that pay or are sold, unique codes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection

from agent.bearers import used
from agent.bearers.budgets import BudgetStanding, look_up_budgets
from agent.bearers.certificates import (
    CertificateStanding,
    NotForSaleError,
    Offer,
    draws_for,
    look_up,
    shortages,
    sold,
)
from agent.bearers.codes import USES as CODE_USES
from agent.bearers.codes import CodeStanding, code_draws, look_up_codes, short_codes
from agent.leases.lots import Reach
from agent.station import Station
from shared.basket import QUANTITY_ONE, Flag, Line
from shared.errors import LoyaltyError
from shared.receipt import BudgetLeft, Receipt
from shared.rules.compile import CompiledPack
from shared.rules.moment import Moment
from shared.rules.result import BudgetUse, Draw, Evaluation
from shared.wire.facts import Issued


@dataclass(frozen=True, slots=True)
class Short:
    """How much of an account this store lacks for a receipt, and what the cashier is told.

    Without a refusal the receipt costs something else.
    """

    account: UUID
    missing: int
    refusal: LoyaltyError | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """All that as it stands at a moment: certificates with what each is to pay, those being sold,
    and codes."""

    moment: Moment
    paying: tuple[tuple[Offer, CertificateStanding], ...] = ()
    issued: tuple[Issued, ...] = ()
    codes: tuple[CodeStanding, ...] = ()
    budgets: tuple[BudgetStanding, ...] = ()
    """Of the rules of the pack, whatever the receipt brings."""
    thin: Collection[UUID] = ()
    """Of these the centre had no more a moment ago."""
    own: tuple[BudgetLeft, ...] = ()
    """What this store and the till may still use of rules: no lot counts it, no centre has more."""

    def is_here(self, whole: Evaluation) -> bool:
        """Tell whether this store may take all of it, and use what an evaluation uses."""
        return (
            all(code.is_here for code in self.codes)
            and all(
                standing.here_minor(self.moment) >= standing.balance_minor(self.moment)
                for _, standing in self.paying
            )
            and all(budget.here >= use.amount for budget, use in self._used(whole))
        )

    def on(self, receipt: Receipt, reach: Reach, held: Collection[str] = frozenset()) -> Receipt:
        """Return a receipt with what the kernel is told of it; `held` are codes that others may
        take."""
        return replace(
            receipt,
            codes=tuple(
                code.held() if code.text in held else code.presented() for code in self.codes
            ),
            certificates=tuple(
                standing.offered(offer.wanted_minor, reach, self.moment)
                for offer, standing in self.paying
            ),
            budgets=(
                *(
                    budget.left(Reach.STORE if budget.account in self.thin else reach)
                    for budget in self.budgets
                ),
                *self.own,
            ),
        )

    def short(self, whole: Evaluation, here: Evaluation) -> tuple[Short, ...]:
        """Compare what an evaluation needs with what this store may take."""
        standings = [standing for _, standing in self.paying]
        paid = shortages(standings, whole.certificates, here.certificates, self.moment)
        codes = short_codes(self.codes, whole.codes)
        return (
            *(Short(one.account, CODE_USES, one.refusal()) for one in codes),
            *(
                Short(one.certificate.account, one.wanted_minor - one.here_minor, one.refusal())
                for one in paid
            ),
            *(
                Short(budget.account, use.amount - budget.here)
                for budget, use in self._used(whole)
                if use.amount > budget.here
            ),
        )

    def beyond(self, evaluation: Evaluation) -> set[str]:
        """Return the codes that an evaluation uses up and that this store may not take."""
        return {code.text for code in short_codes(self.codes, evaluation.codes)}

    def draws(self, evaluation: Evaluation) -> tuple[Draw, ...]:
        """Return what an evaluation takes, from which lots: what pays first, in its order."""
        standings = [standing for _, standing in self.paying]
        return (
            *draws_for(standings, evaluation.certificates, self.moment),
            *code_draws(self.codes, evaluation.codes),
            *(draw for budget, use in self._used(evaluation) for draw in budget.draws(use.amount)),
        )

    def _used(self, evaluation: Evaluation) -> list[tuple[BudgetStanding, BudgetUse]]:
        return [
            (budget, use)
            for use in evaluation.budgets
            for budget in self.budgets
            if budget.is_of(use)
        ]


@dataclass(frozen=True, slots=True)
class Named:
    """What a till has named: certificates that pay, those that lines sell, promo codes; and its
    number."""

    offers: Sequence[Offer]
    selling: Sequence[tuple[Line, str]]
    promo_codes: Sequence[str]
    till: str


def bring(
    station: Station,
    journal: Connection,
    named: Named,
    pack: CompiledPack,
    moment: Moment,
) -> Brought:
    """Look up what a receipt names; raises NotForSaleError."""
    offers, selling = named.offers, named.selling
    unique = tuple(look_up_codes(station, journal, named.promo_codes, pack))
    codes = [*(offer.code for offer in offers), *(code for _, code in selling)]
    budgets = look_up_budgets(station, journal, pack, moment)
    thin = station.thin.now(station.clock.monotonic()) if budgets else ()
    since = moment.day_of(station.time.settled(moment.instant))
    own = used.left(station, journal, pack, named.till, since)
    if not codes:
        return Brought(moment, codes=unique, budgets=budgets, thin=thin, own=own)
    standings = look_up(station, journal, codes)
    issued = [_issued(line, standings[code], moment) for line, code in selling]
    for one, line in zip(issued, (line for line, _ in selling), strict=True):
        if sum(other.lot == one.lot for other in issued) > 1:
            raise _refused(line, one.tail, "он в чеке дважды", "the receipt has it twice")
    return Brought(
        moment,
        paying=tuple((offer, standings[offer.code]) for offer in offers),
        issued=tuple(issued),
        codes=unique,
        budgets=budgets,
        thin=thin,
        own=own,
    )


def _issued(line: Line, standing: CertificateStanding, moment: Moment) -> Issued:
    if Flag.CERTIFICATE not in line.goods.flags:
        what = "товар не сертификат", "the goods are no certificate"
        raise _refused(line, standing.tail, *what)
    if line.quantity != QUANTITY_ONE:
        raise _refused(line, standing.tail, "нужна одна штука", "one piece is needed")
    return sold(line.no, standing, line.base_minor, moment)


def _refused(line: Line, tail: str, reason_ru: str, reason_en: str) -> NotForSaleError:
    return NotForSaleError(no=line.no, tail=tail, reason_ru=reason_ru, reason_en=reason_en)
