"""What the parts of a pack file share: documents, titles, windows, percents and their bounds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.rules.document import ITEMS_MAX
from shared.rules.faults import fault
from shared.rules.scalars import Day, GroupPath, Name, Percent, Prose, Word

RULES_MAX = 5_000
TIERS_MAX = 50
CHILDREN_MAX = RULES_MAX
VALUES_MAX = ITEMS_MAX
LISTS_MAX = 1_000
TABLES_MAX = 1_000
EFFECTS_MAX = 8

Words = Annotated[tuple[Word, ...], Field(min_length=1, max_length=VALUES_MAX)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=VALUES_MAX)]
GroupPaths = Annotated[tuple[GroupPath, ...], Field(min_length=1, max_length=VALUES_MAX)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Document(BaseModel):
    """A part of a pack: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Title(Document):
    """What people read."""

    ru: Prose
    en: Prose


class Window(Document):
    """Days of the store's calendar, both included."""

    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


class Rated(Document):
    """An effect of a percent: its own, or the one that the member's tier names."""

    percent: Percent | None = None
    tier_percent: Name | None = None

    @model_validator(mode="after")
    def _one_rate(self) -> "Rated":
        if (self.percent is None) == (self.tier_percent is None):
            raise fault(
                "one_percent",
                ru="нужен ровно один из percent и tier_percent",
                en="exactly one of percent and tier_percent",
            )
        return self
