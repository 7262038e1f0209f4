"""Signed passes at a store: read, refused where they do not serve, and remembered once shown.

Of each account the journal keeps the highest counter that a receipt has shown, and the receipt that
draws by it: a pass below it is replaced, and each serves one receipt here.
"""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from agent.leases.standing import Standing
from agent.replica import service as replica
from agent.schema import WITHOUT_ROWID, JournalTable, id_field
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.rules.moment import Moment
from shared.runtime.sqlite import run
from shared.wire.facts import PassUse
from shared.wire.keylist import keys_of_passes
from shared.wire.passes import Pass, opened


class PassRecord(JournalTable, table=True):
    """The newest pass of an account that was shown here, and the receipt that draws by it."""

    __tablename__ = "signed_pass"
    __table_args__ = WITHOUT_ROWID

    account: UUID = id_field(primary_key=True)
    counter: int
    receipt: UUID | None = id_field(nullable=True, index=True, default=None)


class PassUnreadableError(LoyaltyError):
    """A code that begins as a pass and is not a whole one."""

    kind = Kind.INVALID
    code = "pass_unreadable"
    ru = "Код пропуска прочитан не целиком или повреждён. Отсканируйте его ещё раз."
    en = "The code of the pass was not read whole, or is damaged. Scan it again."


class PassForeignError(LoyaltyError):
    """A pass that no key of this chain has signed: forged, or of another chain."""

    kind = Kind.FORBIDDEN
    code = "pass_foreign"
    ru = "Этот пропуск подписан не нашей сетью. Обслужите покупателя без него."
    en = "This pass is not signed by our chain. Serve the customer without it."


class PassExpiredError(LoyaltyError):
    """A pass whose time is over by this store's clock."""

    kind = Kind.CONFLICT
    code = "pass_expired"
    ru = "Пропуск действовал до {until}. Пусть участник откроет новый, или уберите его из чека."
    en = "The pass was good until {until}. Let the member open a new one, or leave it out."


class PassOfAnotherError(LoyaltyError):
    """A pass of an account that is not the receipt's member's."""

    kind = Kind.CONFLICT
    code = "pass_of_another"
    ru = "Пропуск не того участника, что в чеке. Найдите участника по пропуску или уберите пропуск."
    en = "The pass is not of the receipt's member. Find the member by it, or leave it out."


class PassReplacedError(LoyaltyError):
    """A pass below one that was shown here, or that the centre's rows say is over."""

    kind = Kind.CONFLICT
    code = "pass_replaced"
    ru = "Этот пропуск уже использован или заменён новым. Пусть участник откроет новый."
    en = "This pass is used already, or a new one has replaced it. Let the member open the new one."


class PassUsedError(LoyaltyError):
    """A pass by which another receipt of this store draws."""

    kind = Kind.CONFLICT
    code = "pass_used"
    ru = "По этому пропуску здесь уже списывали бонусы: он служит в магазине один раз."
    en = "Points were redeemed here by this pass already: it serves once in a store."


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt with the code of the pass that its customer shows, and when and where he does."""

    receipt: UUID
    code: str
    moment: Moment


def signed(station: Station, code: str) -> Pass:
    """Return what a pass of this chain says, also one that is over.

    Raises PassUnreadableError, PassForeignError.
    """
    found = opened(code.strip().upper())
    if found is None:
        raise PassUnreadableError
    keys = replica.premises(station).keys
    if not found.signed_by(keys_of_passes(keys)):
        raise PassForeignError
    return found.said


def good(station: Station, journal: Connection, shown: Shown, who: Standing | None) -> Pass | None:
    """Return the pass by which a receipt of a member may draw here, whether the line is up or not.

    None if none is shown. Raises PassExpiredError, PassOfAnotherError, PassReplacedError,
    PassUsedError, and as `signed`.
    """
    if not shown.code:
        return None
    granted = signed(station, shown.code)
    check_over(granted, shown.moment)
    if who is None or granted.account not in who.accounts:
        raise PassOfAnotherError
    check_newest(journal, granted, who)
    check_unused(journal, granted, shown.receipt)
    return granted


def check_over(granted: Pass, moment: Moment) -> None:
    """Raise PassExpiredError for a pass whose end has come by the store's clock."""
    if moment.instant >= granted.ends_at:
        local = granted.ends_at.astimezone(ZoneInfo(moment.zone))
        raise PassExpiredError(until=f"{local:%d.%m.%Y %H:%M}")


def check_newest(journal: Connection, granted: Pass, who: Standing) -> None:
    """Raise PassReplacedError for a pass that rows, or a newer one that was shown here, end."""
    seen = run(journal, _SEEN, (granted.account.bytes,)).fetchone()
    newest = max(seen[0] if seen else 0, who.passes_over.get(granted.account, 0) + 1)
    if granted.counter < newest:
        raise PassReplacedError


def check_unused(journal: Connection, granted: Pass, receipt: UUID) -> None:
    """Raise PassUsedError for a pass by which another receipt draws."""
    seen = run(journal, _SEEN, (granted.account.bytes,)).fetchone()
    if seen and seen[0] == granted.counter and seen[1] not in (None, receipt.bytes):
        raise PassUsedError


def note(connection: Connection, use: PassUse, receipt: UUID) -> None:
    """Remember that a receipt has shown a pass and, unless it draws no points by it, has used it.

    Repeating is safe; a pass below the one that is remembered changes nothing.
    """
    by = receipt.bytes if use.points else None
    run(connection, _NOTE, (use.account.bytes, use.counter, by))


def cancel(connection: Connection, receipt: UUID) -> None:
    """Let the pass of a receipt that came to nothing serve another one."""
    run(connection, _CANCEL, (receipt.bytes,))


_SEEN = "SELECT counter, receipt FROM signed_pass WHERE account = ?"
_NOTE = """
INSERT INTO signed_pass (account, counter, receipt) VALUES (?, ?, ?)
ON CONFLICT (account) DO UPDATE SET counter = excluded.counter, receipt = excluded.receipt
WHERE excluded.counter > counter OR (excluded.counter = counter AND receipt IS NULL)
"""
_CANCEL = "UPDATE signed_pass SET receipt = NULL WHERE receipt = ?"
