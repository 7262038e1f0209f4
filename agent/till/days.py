"""Days and instants that tills send: far enough from the ends of the calendar to reckon with in any
zone."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

FIRST, END = date(2000, 1, 1), date(2200, 1, 1)

Day = Annotated[date, Field(ge=FIRST, lt=END)]
Instant = Annotated[
    AwareDatetime,
    Field(
        ge=datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC),
        lt=datetime(END.year, END.month, END.day, tzinfo=UTC),
    ),
]
