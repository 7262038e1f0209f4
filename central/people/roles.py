"""Who may do what: each role's rights. A page names the right that it takes; no page has none."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from central.settings import Settings


class Role(StrEnum):
    """What a person of the staff does."""

    MARKETER = "marketer"
    SUPPORT = "support"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """What a page shows or a form does."""

    OWN = "own"
    """Of oneself: password, language, leaving."""
    SEE_FLEET = "see_fleet"
    RUN_FLEET = "run_fleet"
    """Enrol, revoke, fence: who works for a store."""
    EDIT_ESTATE = "edit_estate"
    """Stores, requisites, cashiers."""
    SEE_MEMBERS = "see_members"
    """Receipts and members, personal data included."""
    EDIT_MEMBERS = "edit_members"
    SEE_CONFLICTS = "see_conflicts"
    """Conflicts and corrections."""
    SETTLE = "settle"
    CORRECT = "correct"
    """Points by hand, within the role's limit; more waits for a second person."""
    APPROVE = "approve"
    SEE_FIGURES = "see_figures"
    SEE_RULES = "see_rules"
    WRITE_RULES = "write_rules"
    REVIEW_RULES = "review_rules"
    """Approve what others have written, or send it back."""
    PUBLISH_RULES = "publish_rules"
    """Publish what is approved, and halt what is published."""
    SEE_TRAIL = "see_trail"
    RUN_PEOPLE = "run_people"


_SEEING: Final = frozenset({Right.OWN, Right.SEE_FLEET, Right.SEE_FIGURES, Right.SEE_RULES})
_SUPPORTING: Final = frozenset(
    {Right.SEE_MEMBERS, Right.EDIT_MEMBERS, Right.SEE_CONFLICTS, Right.SETTLE, Right.CORRECT}
)
_OPERATING: Final = frozenset(
    {
        Right.RUN_FLEET,
        Right.EDIT_ESTATE,
        Right.APPROVE,
        Right.REVIEW_RULES,
        Right.PUBLISH_RULES,
    }
)

RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.MARKETER: _SEEING | {Right.WRITE_RULES, Right.REVIEW_RULES},
    Role.SUPPORT: _SEEING | _SUPPORTING,
    Role.OPERATOR: _SEEING | _SUPPORTING | _OPERATING,
    Role.AUDITOR: _SEEING | {Right.SEE_MEMBERS, Right.SEE_CONFLICTS, Right.SEE_TRAIL},
    Role.ADMINISTRATOR: _SEEING
    | {Right.RUN_FLEET, Right.EDIT_ESTATE, Right.SEE_TRAIL, Right.RUN_PEOPLE},
}
"""Who makes accounts moves no points, and who moves points makes no accounts."""


def may(role: Role, right: Right) -> bool:
    """Tell whether a role has a right."""
    return right in RIGHTS[role]


def points_max(settings: Settings, role: Role) -> tuple[int, int]:
    """Return how many points (hundredths) a person corrects without a second one: at once, and in
    a day of UTC."""
    alone = {
        Role.SUPPORT: (settings.support_points_max, settings.support_points_a_day_max),
        Role.OPERATOR: (settings.operator_points_max, settings.operator_points_a_day_max),
    }
    return alone.get(role, (0, 0))
