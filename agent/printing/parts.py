"""Values that the slips have in common: requisites, points, marks that no programme can change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.ledger.leases import is_live
from shared.member import LotView
from shared.points import format_points
from shared.rules.moment import Moment, Trust
from shared.rules.result import OnceGrant
from shared.rules.sentences import Lang, spoken
from shared.rules.slip_fill import Papers, Told, Values
from shared.rules.slip_model import SlipName
from shared.rules.wording import Wording
from shared.slip import Slip, SlipKind
from shared.wire.facts import Granted
from shared.wire.rows import SettingsRow

BURNS_SHOWN_MAX = 2
PENDING_SHOWN_MAX = 3
HIDDEN = "••••"
_NOT_FISCAL: Final = Wording("Нефискальный документ", "Not a fiscal document")
_TAX_NUMBER: Final = Wording("ИНН", "INN")
_UNSURE: Final = Wording(
    "Время не подтверждено: связи с центром не было",
    "The time is not confirmed: the centre was out of reach",
)


@dataclass(frozen=True, slots=True)
class Points:
    """A member's points (hundredths) at a moment: what can be spent, what comes, what burns."""

    active: int
    pending: int
    comes: tuple[tuple[datetime, int], ...]
    burns: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Of whom and how a slip tells: the store's requisites, the templates, the language."""

    settings: SettingsRow
    papers: Papers
    lang: Lang

    def say(self, words: Wording) -> str:
        """Return words in the language of the slip."""
        return spoken(words, self.lang)

    def slip(self, name: SlipName, told: Told, slip_id: UUID) -> Slip:
        """Fill a slip of a name; a return by the slip is a return to whoever prints it."""
        kind = SlipKind("return" if name == "return_by_slip" else name)
        return Slip(slip_id, kind, self.papers.blocks(name, told, self.lang), lang=self.lang)


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


def shop(paper: Paper) -> Values:
    """Name the shop, and say what the paper is not."""
    settings = paper.settings
    tax_number = f"{paper.say(_TAX_NUMBER)} {settings.tax_number}" if settings.tax_number else ""
    return {
        "shop": settings.name,
        "address": settings.address,
        "legal": ", ".join(part for part in (settings.legal_name, tax_number) if part),
        "not_fiscal": paper.say(_NOT_FISCAL),
    }


def when(at: datetime, zone: str) -> str:
    """Write an instant by the store's clock."""
    return f"{at.astimezone(ZoneInfo(zone)):%d.%m.%Y %H:%M}"


def day(value: date | None) -> str:
    """Write a day; none is an empty value."""
    return "" if value is None else f"{value:%d.%m.%Y}"


def time_mark(paper: Paper, trusted: Trust) -> Values:
    """Say of a paper that its time is not sure."""
    return {"time_mark": "" if trusted is Trust.TRUSTED else paper.say(_UNSURE)}


def masked_card(tail: str) -> str:
    """Write what may be shown of a card."""
    return f"{HIDDEN} {tail}" if tail else HIDDEN


def balance(points: Points, zone: str, as_of: datetime | None) -> Values:
    """Tell the balance, and of when it is."""
    return {
        "balance": format_points(points.active),
        "as_of": "" if as_of is None else when(as_of, zone),
    }


def lots(points: Points, zone: str, burns_max: int = BURNS_SHOWN_MAX) -> dict[str, list[Values]]:
    """Tell what becomes spendable when, and what burns when."""
    comes: dict[str, int] = {}
    for at, amount in points.comes:
        comes[when(at, zone)] = comes.get(when(at, zone), 0) + amount
    return {
        "pending": [
            {"at": shown, "points": format_points(amount)}
            for shown, amount in list(comes.items())[:PENDING_SHOWN_MAX]
        ],
        "burning": [
            {"day": day(last), "points": format_points(amount)}
            for last, amount in points.burns[:burns_max]
        ],
    }


def once_values(
    paper: Paper, grants: Iterable[OnceGrant], lots: Iterable[Granted], account: UUID
) -> Iterator[Values]:
    """Name what the person got once, and only now."""
    granted = {lot.once for lot in lots if lot.account == account}
    for grant in grants:
        if grant.lot in granted:
            title, points = spoken(grant.applied, paper.lang), format_points(grant.amount)
            yield {"title": title, "points": points}
