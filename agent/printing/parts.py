"""Parts that the slips have in common: requisites, points, and the code at the end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.ledger.leases import is_live
from shared.member import LotView
from shared.points import format_points
from shared.rules.moment import Moment, Trust
from shared.rules.result import OnceGrant
from shared.slip import Align, Block, Divider, Qr, Row, Text, Weight
from shared.wire.facts import Granted
from shared.wire.rows import SettingsRow

BURNS_SHOWN_MAX = 2
PENDING_SHOWN_MAX = 3
HIDDEN = "••••"


@dataclass(frozen=True, slots=True)
class Points:
    """A member's points (hundredths) at a moment: what can be spent, what comes, what burns."""

    active: int
    pending: int
    comes: tuple[tuple[datetime, int], ...]
    burns: tuple[tuple[date, int], ...]


def points_of(lots: Iterable[LotView], moment: Moment) -> Points:
    """Sum up lots as they stand at a moment."""
    active, comes, burns = 0, dict[datetime, int](), dict[date, int]()
    for lot in lots:
        if lot.amount <= 0:
            continue
        if is_live(lot.activates_at, lot.expires_on, moment.instant, moment.day):
            active += lot.amount
            if lot.expires_on is not None:
                burns[lot.expires_on] = burns.get(lot.expires_on, 0) + lot.amount
        elif lot.activates_at > moment.instant:
            comes[lot.activates_at] = comes.get(lot.activates_at, 0) + lot.amount
    return Points(
        active, sum(comes.values()), tuple(sorted(comes.items())), tuple(sorted(burns.items()))
    )


def header(settings: SettingsRow) -> list[Block]:
    """Name the shop."""
    lines: list[Block] = [Text(settings.name, Align.CENTER, Weight.BOLD)]
    if settings.address:
        lines.append(Text(settings.address, Align.CENTER))
    legal = ", ".join(
        part
        for part in (
            settings.legal_name,
            f"ИНН {settings.tax_number}" if settings.tax_number else "",
        )
        if part
    )
    if legal:
        lines.append(Text(legal, Align.CENTER))
    return [*lines, Divider()]


def when(at: datetime, zone: str) -> str:
    """Write an instant by the store's clock."""
    return f"{at.astimezone(ZoneInfo(zone)):%d.%m.%Y %H:%M}"


def time_mark(trusted: Trust) -> list[Block]:
    """Say of a paper that its time is not sure."""
    if trusted is Trust.TRUSTED:
        return []
    return [Text("Время не подтверждено: связи с центром не было")]


def masked_card(tail: str) -> str:
    """Write what may be shown of a card."""
    return f"{HIDDEN} {tail}" if tail else HIDDEN


def balance(points: Points, zone: str, as_of: datetime | None) -> list[Block]:
    """Tell the balance, what becomes spendable when, and what burns when."""
    rows: list[Block] = [Row("Баланс бонусов", format_points(points.active), Weight.BOLD)]
    comes: dict[str, int] = {}
    for at, amount in points.comes:
        comes[when(at, zone)] = comes.get(when(at, zone), 0) + amount
    rows.extend(
        Row(f"  станут активны {shown}", format_points(amount))
        for shown, amount in list(comes.items())[:PENDING_SHOWN_MAX]
    )
    rows.extend(
        Row(f"  сгорят {day:%d.%m.%Y}", format_points(amount))
        for day, amount in points.burns[:BURNS_SHOWN_MAX]
    )
    if as_of is not None:
        rows.append(Text(f"Без связи с центром; данные на {when(as_of, zone)}"))
    return rows


def once_rows(
    grants: Iterable[OnceGrant], lots: Iterable[Granted], account: UUID
) -> Iterator[Block]:
    """Name what the person got once, and only now."""
    granted = {lot.once for lot in lots if lot.account == account}
    for grant in grants:
        if grant.lot in granted:
            yield Row(grant.applied.ru, format_points(grant.amount))


def footer(code: str = "") -> Sequence[Block]:
    """Say what the paper is not, and end with its code."""
    blocks: list[Block] = [Divider(), Text("Нефискальный документ", Align.CENTER)]
    if code:
        blocks.append(Qr(code))
    return blocks
