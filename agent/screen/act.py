"""One tap or scan at a screen: where it was, what was in the form, when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from agent.screen.desk import Desk, new_uid
from agent.screen.typed import BadAmountError
from agent.station import Station

DIGITS_MAX = 10
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Act:
    """One action at a till: where, on which screen, what was in the form, when."""

    station: Station
    desk: Desk
    form: Mapping[str, str]
    at: datetime

    def text(self, name: str) -> str:
        """Return what was typed in a field."""
        return self.form.get(name, "").strip()

    def uid(self, name: str) -> UUID:
        """Return a uid that the form carries; one that is none is a new one."""
        try:
            return UUID(self.text(name))
        except ValueError:
            return new_uid(self.station)

    def number(self, name: str) -> int:
        """Return a whole number, which may be negative; raises BadAmountError."""
        text = self.text(name)
        if not text.removeprefix("-").isdecimal() or len(text) > DIGITS_MAX:
            raise BadAmountError(text=text)
        return int(text)

    def choice(self, name: str, kind: type[_E], otherwise: _E) -> _E:
        """Return one of several words; what is none of them counts as not said."""
        text = self.text(name)
        return kind(text) if text in set(kind) else otherwise

    @property
    def cashier(self) -> str:
        """Return who is signed in."""
        return self.desk.present.no if self.desk.present else ""
