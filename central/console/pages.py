"""Pages of the console: whole ones, or the one block that htmx asks for."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block

from central.console.ask import Ask, Page
from central.console.words import NAV, WORDS
from central.packs.publishing import NEVER
from central.people.roles import Right
from shared.money import NO_BREAK_SPACE, format_money
from shared.points import format_points
from shared.rules.wording import Wording

FOLDER: Final = Path(__file__).parent
STATIC: Final = "/console/static"
MOMENTS: Final = {"ru": "%d.%m.%Y %H:%M", "en": "%Y-%m-%d %H:%M"}
DAYS: Final = {"ru": "%d.%m.%Y", "en": "%Y-%m-%d"}


class Pages:
    """Renders what handlers answer, in the language and zone of who asks."""

    def __init__(self) -> None:
        self._templates = _templates()

    def compile(self) -> None:
        """Read all templates, so that no page waits for its own."""
        for name in self._templates.list_templates():
            self._templates.get_template(name)

    def render(self, ask: Ask, page: Page, *, error: Wording | None = None, block: str = "") -> str:
        """Return a page's HTML, or that of one of its blocks."""
        content = {**self._frame(ask), **page.content}
        content |= {
            "error": error and ask.say(error),
            "notice": page.notice and ask.say(page.notice),
            "is_part": bool(block),
        }
        if block:
            return render_block(self._templates, f"{page.template}.html", block, **content)
        return self._templates.get_template(f"{page.template}.html").render(**content)

    def _frame(self, ask: Ask) -> dict[str, Any]:
        here = ask.here
        done = ask.query.get("done", "")
        return {
            "lang": ask.lang,
            "t": translated(ask.lang),
            "say": ask.say,
            "called": partial(called, ask),
            "static": STATIC,
            "address": ask.address,
            "me": here.who if here else None,
            "may": lambda right: here is not None and here.may(Right(right)),
            "nav": [one for one in NAV if here is not None and here.may(one[1])],
            "form_token": here.form_token if here else "",
            "typed": defaultdict(str, ask.form),
            "query": defaultdict(str, ask.query),
            "when": lambda at, zone=None: moment(ask, at, zone),
            "day": lambda day: day_of(ask, day),
            "zone": str(ask.zone),
            "done": translated(ask.lang)(f"done_{done}") if f"done_{done}" in WORDS else "",
        }


@lru_cache(1)
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"money": format_money, "points": format_points}
    return templates


def translated(lang: str) -> Callable[..., str]:
    """Return what says a word of the catalogue in a language."""

    def say(key: str, **parts: object) -> str:
        words = WORDS[key]
        return (words.ru if lang == "ru" else words.en).format(**parts)

    return say


def called(ask: Ask, prefix: str, code: str) -> str:
    """Return the word of a code that a chain or another version may have made up, or the code."""
    words = WORDS.get(f"{prefix}{code}")
    return ask.say(words) if words else code


def moment(ask: Ask, at: datetime | None, zone: str | None = None) -> str:
    """Write an instant in a store's zone, or in that of who asks."""
    if at is None:
        return ""
    return at.astimezone(ZoneInfo(zone) if zone else ask.zone).strftime(MOMENTS[ask.lang])


def day_of(ask: Ask, day: date | None) -> str:
    """Write a day."""
    return "" if day is None else day.strftime(DAYS[ask.lang])


def day_time(ask: Ask, local: str) -> str:
    """Write a store-local instant; empty for at once, in words for a pack that only acts bring."""
    if not local:
        return ""
    if local == NEVER:
        return translated(ask.lang)("by_stages")
    return datetime.fromisoformat(local).strftime(MOMENTS[ask.lang])


def grouped(number: int) -> str:
    """Write a count with its thousands apart."""
    return f"{number:,}".replace(",", NO_BREAK_SPACE)


def said(error: Any) -> Wording:
    """Return a failure's sentences."""
    return Wording(error.sentence("ru"), error.sentence("en"))
