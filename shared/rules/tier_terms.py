"""A tier track as a pack states it: what is counted, over which period, and who drops when."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from shared.rules.grammar import TIERS_MAX, Document, Title
from shared.rules.scalars import Amount, Count, Day, Name, Percent, Word
from shared.rules.windows import PeriodText, WindowKind, read_period

ERAS_MAX: Final = 50
PERCENTS_MAX: Final = 100
PRIVILEGES_MAX: Final = 20
Metric = Literal["turnover", "points", "visits"]


class TierStep(Document):
    """A level: where it begins, and its percents by name, which rules refer to."""

    id: Name
    title: Title
    reach: Title | None = None
    """The words of the till's hint, such as `до Золотого`."""
    from_minor: Annotated[Amount, Field(alias="from")]
    percents: Annotated[dict[Name, Percent], Field(max_length=PERCENTS_MAX)] = {}  # noqa: RUF012
    privileges: Annotated[tuple[Title, ...], Field(max_length=PRIVILEGES_MAX)] = ()
    """What the tier gives besides percents, for the cashier to say."""


class Easing(Document):
    """Thresholds lower by a percent for a segment; who reaches a tier so keeps it afterwards."""

    segment: Word
    by: Percent
    first: Annotated[Day | None, Field(alias="from")] = None
    until: Day


class NewThresholds(Document):
    """Thresholds from a day on; who would drop keeps his tier to the period's end, or does not."""

    since: Day
    from_minor: Annotated[dict[Name, Amount], Field(alias="from", min_length=1)]
    members: Literal["keep", "recalculate"] = "keep"


class TierTrack(Document):
    """Levels by a metric in a period, ascending; the first begins at 0.00.

    A calendar period's level is that of the period before (`previous`), of what has been counted in
    this one (`running`), or the higher. `drop` says when a level that is no longer reached is lost:
    `at_once`, or at the end of the period in which it was reached; left out, it is at once for a
    lifetime and at the end otherwise.
    """

    metric: Metric = "turnover"
    window: PeriodText = "lifetime"
    band: Literal["previous", "running", "higher"] = "previous"
    drop: Literal["at_once", "window_end"] | None = None
    downgrade: Literal["full", "one_step"] = "full"
    grace_days: Count = 0
    applies: Literal["next_receipt", "same_receipt"] = "next_receipt"
    """On the same receipt its sum before discounts counts as well."""
    eased: Annotated[tuple[Easing, ...], Field(max_length=ERAS_MAX)] = ()
    changes: Annotated[tuple[NewThresholds, ...], Field(max_length=ERAS_MAX)] = ()
    steps: Annotated[tuple[TierStep, ...], Field(min_length=1, max_length=TIERS_MAX)]

    @property
    def features(self) -> Iterator[str]:
        """The names of what the track uses."""
        yield f"tiers.{self.metric}.{read_period(self.window).kind}"
        given = self.model_fields_set
        yield from (f"tiers.{name}" for name in _OPTIONS if name in given)


_OPTIONS: Final = ("band", "drop", "downgrade", "grace_days", "applies", "eased", "changes")
TIER_FEATURES: Final = frozenset(
    {
        *(f"tiers.{metric}.{kind}" for metric in get_args(Metric) for kind in WindowKind),
        *(f"tiers.{name}" for name in _OPTIONS),
    }
)
