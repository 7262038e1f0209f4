"""What a page of the console is asked, and the three things that it may answer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from central.centre import Centre
from central.conflicts.service import Word
from central.console.forms import Upload
from central.people.roles import Right
from central.people.sessions import Present
from shared.errors import Kind, LoyaltyError
from shared.rules.wording import Wording

HOME = "/console/"
SIGN_IN = "/console/sign-in"

YEARS: Final = range(2000, 2101)
"""Of days that a page may be asked for: with room for a zone's hours and the day after."""

WAS: Final = "was_"
ONCE: Final = "once"
"""The field by which a form that is sent twice is known."""

E = TypeVar("E", bound=StrEnum)


class NoSuchPageError(LoyaltyError):
    """An id in an address that nothing has."""

    kind = Kind.NOT_FOUND
    code = "no_such_page"
    ru = "Здесь ничего нет: {what}."
    en = "There is nothing here: {what}."


class BadFieldError(LoyaltyError):
    """A field of a form that does not read as what it should be."""

    kind = Kind.INVALID
    code = "bad_field"
    ru = "Поле «{name_ru}»: {reason_ru}."
    en = "Field '{name_en}': {reason_en}."


def is_seen(name: str) -> bool:
    """Tell whether a field says how another one was when the page was shown."""
    return name.startswith(WAS)


def bad_field(*words: str) -> BadFieldError:
    """Return the refusal of a field: its name and what it should be, in Russian and in English."""
    names = ("name_ru", "name_en", "reason_ru", "reason_en")
    return BadFieldError(**dict(zip(names, words, strict=True)))


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of somebody's browser: who, which page, what he typed, and when."""

    centre: Centre
    here: Present | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    at: datetime
    token: str = ""
    """Of the browser's session, if it has one."""
    files: Mapping[str, Upload] = field(default_factory=dict)
    address: str = ""
    """Of the page, without its query."""

    @property
    def me(self) -> Present:
        """Who asks; the page is behind the door."""
        assert self.here is not None
        return self.here

    @property
    def lang(self) -> str:
        """In which language the page is shown."""
        if self.here is not None:
            return self.here.who.language
        asked = self.query.get("lang", "")
        return asked if asked in ("ru", "en") else self.centre.settings.locale

    @property
    def wording(self) -> Literal["ru", "en"]:
        """The same, of the two that rules are worded in."""
        return "ru" if self.lang == "ru" else "en"

    @property
    def zone(self) -> ZoneInfo:
        """In which zone times are shown where no store has one of its own."""
        return ZoneInfo(self.here.who.zone if self.here else "UTC")

    def text(self, name: str) -> str:
        """Return what was typed into a field, without spaces around it."""
        return self.form.get(name, "").strip()

    def seen(self, names: Iterable[str]) -> dict[str, str]:
        """Return what fields were filled with when the page was shown, of those that tell it."""
        return {name: self.form[WAS + name] for name in names if WAS + name in self.form}

    def day(self, name: str) -> date | None:
        """Return a day that is typed, None for an empty field; raises BadFieldError."""
        text = self.text(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            wants = ("день вида 2026-12-31", "a day such as 2026-12-31")
            raise bad_field("День", "Day", *wants) from error

    def day_asked(self, name: str = "day") -> date | None:
        """Return the day that an address names; None if it names none that makes sense."""
        try:
            found = date.fromisoformat(self.query.get(name, ""))
        except ValueError:
            return None
        return found if found.year in YEARS else None

    @property
    def word(self) -> Word:
        """Who asks, and the reason that he has typed."""
        return Word(self.me.who.login, self.text("note"))

    def one_of(self, name: str, kind: type[E]) -> E:
        """Return what is chosen from a list; raises BadFieldError."""
        try:
            return kind(self.text(name))
        except ValueError as error:
            raise bad_field(name, name, "такого выбора нет", "there is no such choice") from error

    def id(self, name: str) -> UUID:
        """Return an id of the address; raises NoSuchPageError."""
        try:
            return UUID(self.path[name])
        except ValueError as error:
            raise NoSuchPageError(what=self.path[name][:60]) from error

    def say(self, words: Wording) -> str:
        """Return words in the page's language."""
        return words.ru if self.lang == "ru" else words.en


@dataclass(frozen=True, slots=True)
class Page:
    """A template with what it shows; its block `list` is enough for htmx."""

    template: str
    content: Mapping[str, Any] = field(default_factory=dict)
    notice: Wording | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Go:
    """Another page, asked for anew; `done` tells it what to say.

    `token` is of the session that the browser has from then on: empty for none.
    """

    to: str
    done: str = ""
    token: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file to keep or to show in a page."""

    content: bytes
    media_type: str
    name: str = ""


Answer = Page | Go | File
Handler = Callable[[Ask], Answer]


@dataclass(frozen=True, slots=True)
class Way:
    """An address of the console: what it takes to go there, and what stands in the trail of it: of
    a page that is only read, that it was taken away as a file.

    `kept` names the fields of the form whose values the trail keeps: none that is personal or
    secret. A form that is refused is shown again on the page of `back`.
    """

    method: str
    path: str
    right: Right | None
    handler: Handler
    deed: str = ""
    kept: tuple[str, ...] = ()
    back: Handler | None = None
