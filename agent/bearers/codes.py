"""Promo codes that are counted, as this store knows them: whose they are, which it may take."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from agent.journal import coupons
from agent.journal import store as facts
from agent.journal.coupons import OwnCoupon
from agent.leases.lots import LotStanding, lots_here
from agent.leases.standing import survivor
from agent.replica import store as rows
from agent.station import Station
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.crypto.blind import IdentifierKind, blind_index
from shared.errors import Kind, LoyaltyError
from shared.receipt import CodeState, PresentedCode
from shared.rules.budgets import Budget, word_budget
from shared.rules.code_model import folded
from shared.rules.codes import APPLIED
from shared.rules.compile import CompiledPack
from shared.rules.result import CodeOutcome, Draw
from shared.rules.sentences import places
from shared.runtime.sqlite import reading
from shared.tokens import plain_token
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, CodeBatchRow, CodeRow, LotRow

USES: Final = 1
"""Of a code that no row tells otherwise of."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
READY: Final = "ready"
COUPON: Final = "coupon"
"""The channel of codes that tills print."""


class CodeElsewhereError(LoyaltyError):
    """A promo code that another store may take, and this one may not without the centre."""

    kind = Kind.CONFLICT
    code = "code_elsewhere"
    ru = (
        "Промокод {promo_code} сейчас закреплён ({places_ru}): здесь его примут, когда появится "
        "связь. Уберите его из чека или повторите."
    )
    en = (
        "Promo code {promo_code} is held ({places_en}): it is taken here when the line is back. "
        "Leave it out of the receipt, or try again."
    )


@dataclass(frozen=True, slots=True)
class CodeStanding:
    """A promo code as this store sees it at this moment, as the customer has named it."""

    text: str
    account: UUID
    campaign: str
    channel: str
    owner: UUID | None
    first_day: date | None
    last_day: date | None
    is_revoked: bool
    lots: tuple[LotStanding, ...]

    @property
    def is_here(self) -> bool:
        """Whether this store may take it now, as far as anybody may."""
        return sum(lot.here for lot in self.lots) > 0 or self._state is not CodeState.ACTIVE

    def presented(self) -> PresentedCode:
        """Return what the kernel is told of it."""
        return PresentedCode(
            code=self.text,
            campaign=self.campaign,
            state=self._state,
            owner=self.owner,
            first_day=self.first_day,
            last_day=self.last_day,
            channel=self.channel,
        )

    def held(self) -> PresentedCode:
        """Return what the kernel is told of it where others may take it, and this store not."""
        return replace(self.presented(), state=CodeState.HELD, elsewhere=self.holders)

    @property
    def holders(self) -> tuple[str, ...]:
        """Stores that may take it offline; an empty name is the centre."""
        stores = {holding.store for lot in self.lots for holding in lot.holdings}
        return tuple(sorted(stores)) or ("",)

    def refusal(self) -> CodeElsewhereError:
        """Return the sentence for the cashier."""
        held = places(self.holders)
        return CodeElsewhereError(
            promo_code=self.text,
            places_ru=held.ru,
            places_en=held.en,
            elsewhere=list(self.holders),
        )

    def draw(self) -> Draw:
        """Use it up."""
        lot = next(lot for lot in self.lots if lot.here > 0)
        return Draw(lot.id, lot.account, USES)

    @property
    def _state(self) -> CodeState:
        if self.is_revoked:
            return CodeState.REVOKED
        if sum(lot.amount for lot in self.lots) > 0:
            return CodeState.ACTIVE
        return CodeState.HELD if any(lot.held for lot in self.lots) else CodeState.USED


def code_index(station: Station, text: str) -> bytes:
    """Return the blind index of a promo code as people write it."""
    return blind_index(station.identity.index_key, IdentifierKind.CODE, plain_token(text))


def look_up_codes(
    station: Station, journal: Connection, texts: Iterable[str], pack: CompiledPack
) -> list[CodeStanding]:
    """Return how unique codes stand here, and words of a pack that may be taken so many times.

    What is none of these is left out: any other word, or nobody's. Rows and their cursor are read
    before the journal, as for members.
    """
    indexes = {text: code_index(station, text) for text in dict.fromkeys(texts)}
    if not indexes:
        return []
    wanted = sorted(set(indexes.values()))
    counted = _counted(pack, indexes)
    accounts = {*(bearer_account(Bearer.CODE, index) for index in wanted)}
    accounts |= {budget.account for _, budget in counted.values()}
    with reading(station.replica) as replica:
        cursor = rows.cursor(replica, GLOBAL).number
        known = _known(replica, wanted)
        owned = rows.many(replica, AccountRow, sorted(one.bytes for one in accounts))
        leased = rows.leases(replica, accounts)
    whole = {one.account: _whole(one.account) for one in known.values()}
    whole |= {one.account: _unopened(one) for _, one in counted.values()}
    own = coupons.find(journal, [index for index in wanted if index not in known])
    known |= {one.index: _own(one) for one in own}
    named = {text: known[index] for text, index in indexes.items() if index in known}
    named = {text: _word(*counted[text]) for text in counted} | named
    if not named:
        return []
    owned += [whole[one] for one in sorted(whole.keys() - {row.id for row in owned})]
    changes = facts.uncovered(journal, accounts, cursor)
    lots = lots_here(station, journal, owned, leased, changes)
    return [_standing(text, named[text], lots) for text in indexes if text in named]


def short_codes(
    standings: Iterable[CodeStanding], whole: Iterable[CodeOutcome]
) -> tuple[CodeStanding, ...]:
    """Return the codes that would be used up and that this store may not take."""
    by_text = {one.text: one for one in standings if not one.is_here}
    return tuple(by_text[told.code] for told in whole if _is_used(told) and told.code in by_text)


def code_draws(
    standings: Iterable[CodeStanding], outcomes: Iterable[CodeOutcome]
) -> tuple[Draw, ...]:
    """Return from which lots codes are used up."""
    by_text = {one.text: one for one in standings}
    return tuple(
        by_text[told.code].draw() for told in outcomes if _is_used(told) and told.code in by_text
    )


def _is_used(told: CodeOutcome) -> bool:
    return told.kind == APPLIED


@dataclass(frozen=True, slots=True)
class _Known:
    """What rows, or this store's own journal, say of a code."""

    account: UUID
    campaign: str
    channel: str
    owner: UUID | None
    first_day: date | None
    last_day: date | None
    is_revoked: bool = False


def _standing(text: str, known: _Known, lots: Mapping[UUID, LotStanding]) -> CodeStanding:
    return CodeStanding(
        text=text,
        account=known.account,
        campaign=known.campaign,
        channel=known.channel,
        owner=known.owner,
        first_day=known.first_day,
        last_day=known.last_day,
        is_revoked=known.is_revoked,
        lots=tuple(lot for lot in lots.values() if lot.account == known.account),
    )


def _known(replica: Connection, indexes: Collection[bytes]) -> dict[bytes, _Known]:
    """Return what rows say of codes; one whose batch is not whole is worth nothing."""
    found = rows.many(replica, CodeRow, indexes)
    keys = sorted({row.batch.to_bytes(4, "big") for row in found})
    batches = {row.no: row for row in rows.many(replica, CodeBatchRow, keys)} if keys else {}
    return {
        row.index: _Known(
            account=bearer_account(Bearer.CODE, row.index),
            campaign=batches[row.batch].campaign,
            channel=batches[row.batch].channel,
            owner=None if row.owner is None else _living(replica, row.owner),
            first_day=row.first_day or batches[row.batch].first_day,
            last_day=row.last_day or batches[row.batch].last_day,
            is_revoked=bool(row.revoked) or batches[row.batch].state != READY,
        )
        for row in found
        if row.batch in batches
    }


def _own(coupon: OwnCoupon) -> _Known:
    return _Known(
        account=coupon.account,
        campaign=coupon.campaign,
        channel=COUPON,
        owner=coupon.owner,
        first_day=coupon.first_day,
        last_day=coupon.last_day,
    )


def _counted(pack: CompiledPack, texts: Iterable[str]) -> dict[str, tuple[str, Budget]]:
    """Return the campaign and budget of words that may be taken so many times by all."""
    found = {}
    for text in texts:
        campaign = pack.codes.by_word.get(folded(text))
        if campaign is not None and (budget := word_budget(pack.source, campaign, text)):
            found[text] = (campaign, budget)
    return found


def _word(campaign: str, budget: Budget) -> _Known:
    return _Known(budget.account, campaign, channel="", owner=None, first_day=None, last_day=None)


def _living(replica: Connection, owner: UUID) -> UUID:
    """Follow merges: a code of a member is his who he has become."""
    row = survivor(replica, owner)
    return owner if row is None else row.id


def _whole(account: UUID) -> AccountRow:
    """Return the row of an account that none tells of: nobody has used the code."""
    return _row(account, Bearer.CODE, USES)


def _unopened(budget: Budget) -> AccountRow:
    """Return the row of a budget that the centre has not opened yet."""
    return _row(budget.account, Bearer.BUDGET, budget.amount)


def _row(account: UUID, bearer: Bearer, amount: int) -> AccountRow:
    lot = LotRow(bearer_lot(account), bearer, bearer.name.lower(), amount, EPOCH, None, ())
    return AccountRow(account, account, 0, (lot,))
