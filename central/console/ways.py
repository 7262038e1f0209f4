"""Every address of the console, with the right that it takes: the console's map."""

from typing import Final

from central.console import door, figures, staff
from central.console.ask import Way
from central.console.ways_fleet import FLEET
from central.console.ways_rules import RULES
from central.console.ways_support import SUPPORT
from central.people.roles import Right

_DOOR: Final = (
    Way("GET", "/sign-in", None, door.sign_in_page),
    Way("POST", "/sign-in", None, door.sign_in, back=door.sign_in_page),
    Way("GET", "/", Right.OWN, door.home),
    Way("POST", "/sign-out", Right.OWN, door.sign_out, "signed_out"),
    Way("GET", "/me", Right.OWN, door.me),
    Way("POST", "/me", Right.OWN, door.choose, "settings_changed", ("language", "zone"), door.me),
    Way("POST", "/me/sessions", Right.OWN, door.end_others, "sessions_ended"),
    Way("POST", "/me/password", Right.OWN, door.change_password, "password_changed", (), door.me),
)
_FIGURES: Final = (
    Way("GET", "/figures", Right.SEE_FIGURES, figures.page),
    Way("GET", "/figures/{figure}.svg", Right.SEE_FIGURES, figures.drawn),
    Way("GET", "/figures/{figure}.csv", Right.SEE_FIGURES, figures.exported),
)
_STAFF: Final = (
    Way("GET", "/people", Right.RUN_PEOPLE, staff.people),
    Way(
        "POST",
        "/people",
        Right.RUN_PEOPLE,
        staff.add,
        "staff_added",
        ("login", "role"),
        staff.people,
    ),
    Way("GET", "/people/{login}", Right.RUN_PEOPLE, staff.person),
    Way(
        "POST",
        "/people/{login}/role",
        Right.RUN_PEOPLE,
        staff.change_role,
        "role_changed",
        ("role",),
        staff.person,
    ),
    Way(
        "POST",
        "/people/{login}/reset",
        Right.RUN_PEOPLE,
        staff.reset,
        "staff_reset",
        (),
        staff.person,
    ),
    Way(
        "POST",
        "/people/{login}/disable",
        Right.RUN_PEOPLE,
        staff.disable,
        "staff_disabled",
        (),
        staff.person,
    ),
    Way("GET", "/trail", Right.SEE_TRAIL, staff.steps),
)

_NOWHERE: Final = (Way("GET", "/{page:path}", Right.OWN, door.nowhere),)
"""Whatever else is asked for: the last one, as it fits everything."""

WAYS: Final[tuple[Way, ...]] = (
    *_DOOR,
    *FLEET,
    *SUPPORT,
    *RULES,
    *_FIGURES,
    *_STAFF,
    *_NOWHERE,
)
