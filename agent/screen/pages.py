"""Pages of the cashier's screen: a whole one each time, small, without a script in it."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent import receipts
from agent.packs import NoPackError
from agent.printing.papers import open_papers
from agent.quote.service import effective_pack
from agent.returns.by_slip import SlipClaim, SlipReturn
from agent.returns.preview import Preview
from agent.returns.service import preview_by_slip
from agent.screen import desk as panels
from agent.screen.desk import Desk, new_uid
from agent.screen.header import header, local, mark
from agent.screen.views import card_in, said, sale_view
from agent.screen.words import WORDS
from agent.station import Station
from shared.basket import QUANTITY_ONE
from shared.errors import LoyaltyError
from shared.money import format_money
from shared.points import format_points
from shared.rules.sentences import Lang
from shared.rules.wording import Wording

FOLDER = Path(__file__).parent
HERE = "/screen/static"
Translated = Callable[..., str]


class Pages:
    """Renders a desk for a browser, in the desk's language."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "money": format_money,
            "points": format_points,
            "quantity": format_quantity,
        }

    def page(self, desk: Desk, at: datetime, *, signed_in: bool) -> str:
        """Return the page that a browser sees."""
        station = self._station
        now_s = station.clock.monotonic()
        content = {
            "lang": desk.lang,
            "t": _translated(desk.lang),
            "say": lambda words: words.ru if desk.lang == "ru" else words.en,
            "mark": mark(station, desk, now_s),
            "static": HERE,
            "desk": desk,
            "top": header(station, desk),
            "notices": desk.notices,
            "typed": defaultdict(str, desk.typed),
            "day": lambda told: f"{_day(station, told):%d.%m}",
            "time": lambda told: f"{local(station, told):%H:%M}",
            "date": lambda told: f"{_day(station, told):%d.%m.%Y}",
        }
        name, more = self._panel(desk, at) if signed_in else ("sign_in", {})
        return self._templates.get_template(f"{name}.html").render(**content, **more)

    def pairing(self, refused: Wording | None = None) -> str:
        """Return the page on which a browser of another machine enters its till's token."""
        lang = self._station.settings.screen_language
        words = None if refused is None else (refused.ru if lang == "ru" else refused.en)
        content = {"lang": lang, "t": _translated(lang), "static": HERE, "refused": words}
        return self._templates.get_template("pairing.html").render(**content)

    def _panel(self, desk: Desk, at: datetime) -> tuple[str, dict[str, Any]]:
        match desk.panel:
            case panels.REGISTER | panels.PROFILE as form:
                uid = new_uid(self._station)
                return form, {"card": card_in(self._station, desk, at), "uid": uid}
            case panels.RECEIPT if desk.lookup is not None and desk.lookup.parts:
                return self._preview(desk, at)
            case panels.RECEIPT:
                return panels.RECEIPT, self._papers()
            case panels.EXCHANGE if desk.sale.swap is not None:
                return self._exchange(desk, at)
            case panels.DONE if desk.finished:
                return panels.DONE, self._done(desk)
            case _:
                name = "payment" if desk.sale.claim is not None else panels.SALE
                return name, {"sale": sale_view(self._station, desk, at)}

    def _papers(self) -> dict[str, Any]:
        """Return the papers in front of a person, and whether there may be a drawer."""
        return {
            "uid": new_uid(self._station),
            "papers": open_papers(self._station),
            "has_drawer": self._station.printer is not None,
        }

    def _done(self, desk: Desk) -> dict[str, Any]:
        done = desk.finished[0]
        return {
            **self._papers(),
            "done": done,
            "slip_text": receipts.slip_text(self._station, done.uid),
            "print_state": receipts.print_state(self._station, done.uid),
        }

    def _exchange(self, desk: Desk, at: datetime) -> tuple[str, dict[str, Any]]:
        """Show what comes back and what is sold; without a price go back to the goods."""
        sale = sale_view(self._station, desk, at)
        if sale.swap is None:
            desk.show(panels.SALE)
            return panels.SALE, {"sale": sale}
        seen = _balanced(sale.swap.returned)
        return panels.EXCHANGE, {"sale": sale, "seen": seen, "tiers": self._titles(at)}

    def _titles(self, at: datetime) -> dict[str, Wording]:
        return defaultdict(lambda: Wording("?", "?"), _tiers(self._station, at))

    def _preview(self, desk: Desk, at: datetime) -> tuple[str, dict[str, Any]]:
        """Preview again, for what is shown is what will happen; else go back to the choice."""
        found = desk.lookup
        assert found is not None
        try:
            claim = SlipClaim(found.receipt, found.parts, found.slip)
            seen = preview_by_slip(self._station, claim, at)
        except LoyaltyError as error:
            found.parts = ()
            desk.tell("error", said(error))
            return panels.RECEIPT, self._papers()
        names = {goods.no: goods.name for goods in found.goods}
        return "preview", {"seen": _balanced(seen), "names": names, "tiers": self._titles(at)}


def _balanced(seen: Preview | SlipReturn) -> dict[str, Any]:
    """Return what a return moves: the money of the lines less the rest is what is paid out."""
    whole = {
        "lines": seen.lines,
        "lines_minor": sum(line.money_minor for line in seen.lines),
        "money_minor": seen.money_minor,
        "restored": sum(line.restored_points for line in seen.lines),
        "taken": sum(line.taken_points for line in seen.lines),
    }
    if isinstance(seen, SlipReturn):
        none: dict[str, Any] = dict.fromkeys(
            ("recharged_minor", "withheld_minor", "lapsed", "debt", "forgiven"), 0
        )
        return {**whole, **none, "certificates": (), "tier": None, "provisional": True}
    return {
        **whole,
        "recharged_minor": seen.recharged_minor,
        "withheld_minor": seen.clawed.withheld_minor,
        "certificates": seen.certificates,
        "lapsed": seen.lapsed_points,
        "debt": seen.debt_points,
        "forgiven": seen.forgiven_points,
        "tier": seen.tier,
        "provisional": False,
    }


def format_quantity(quantity: int) -> str:
    """Write thousandths without needless zeros: `2`, `0,35`."""
    whole, rest = divmod(quantity, QUANTITY_ONE)
    return f"{whole},{rest:03d}".rstrip("0") if rest else str(whole)


def _translated(lang: Lang) -> Translated:
    def translated(key: str, **parts: object) -> str:
        words: Wording = WORDS[key]
        return (words.ru if lang == "ru" else words.en).format(**parts)

    return translated


def _day(station: Station, told: date | datetime) -> date:
    return local(station, told).date() if isinstance(told, datetime) else told


def _tiers(station: Station, at: datetime) -> dict[str, Wording]:
    """Return how the levels of the rules in force are called."""
    try:
        _, pack = effective_pack(station, at)
    except NoPackError:
        return {}
    return {tier.id: Wording(tier.title.ru, tier.title.en) for tier in pack.ladder.tiers}
