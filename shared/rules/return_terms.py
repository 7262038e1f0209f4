"""What a programme chooses about goods that come back: the policies that returns read."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from shared.rules.faults import fault
from shared.rules.grammar import Document
from shared.rules.scalars import Amount, Count

GRACE_DAYS_MAX: Final = 3_650
ClawBack = Literal["only_pending", "own_lots", "within_balance", "unlimited"]
SpentPoints = Literal["debt", "take_from_refund", "forgive"]
_SETTLES: Final = frozenset({"own_lots", "unlimited"})
"""Reaches after which `spent_points` says what becomes of the rest."""


class ReturnPolicies(Document):
    """Choices that a programme makes once about returns, voids and exchanges."""

    claw_back: ClawBack = "own_lots"
    """How far a return reaches for the points that the goods had earned."""
    spent_points: SpentPoints = "debt"
    """What becomes of points that a return should take and does not find within that reach."""
    restore_expired: Literal["grace", "never"] = "grace"
    """Whether points that paid come back when their lot has expired meanwhile."""
    restore_grace_days: Annotated[Count, Field(le=GRACE_DAYS_MAX)] = 14
    """How long they live then, counted from the return."""
    broken_threshold: Literal["keep", "reevaluate"] = "keep"
    """Whether goods that stay are priced again when a discount has lost its condition."""
    broken_bundle: Literal["keep", "must_come_back", "charge"] = "keep"
    """What becomes of a bundle of which a part stays with the customer."""
    offline_return: Literal["own_store", "cap", "none"] = "own_store"
    """Who takes goods back while the line is out."""
    offline_return_cap_minor: Annotated[Amount, Field(alias="offline_return_cap")] = 0
    """How much money another store may pay back for a receipt by its slip alone."""
    voided_by: Literal["senior", "cashier", "anyone"] = "senior"
    """Whose role allows to void a receipt; anyone needs no sign-in."""
    exchange_price: Literal["today", "promised"] = "today"
    """Whether goods of the same sku cost no more in an exchange than they did."""

    @model_validator(mode="after")
    def _agree(self) -> "ReturnPolicies":
        if "spent_points" in self.model_fields_set and self.claw_back not in _SETTLES:
            raise fault(
                "spent_points_unasked",
                ru=f"claw_back: {self.claw_back} не оставляет вопроса о потраченных бонусах: "
                "уберите spent_points или выберите unlimited",
                en=f"claw_back: {self.claw_back} leaves nothing to spent_points: "
                "leave that out, or choose unlimited",
            )
        if (self.offline_return == "cap") != bool(self.offline_return_cap_minor):
            raise fault(
                "cap_without_amount",
                ru="offline_return: cap и offline_return_cap нужны вместе",
                en="offline_return: cap and offline_return_cap are needed together",
            )
        return self

    @property
    def lets_go(self) -> bool:
        """Tell whether points that are spent already are neither debt nor taken from the refund."""
        return self.claw_back not in _SETTLES or self.spent_points == "forgive"

    @property
    def grace_days(self) -> int | None:
        """Return how long restored points of an expired lot live; None: they do not come back."""
        return self.restore_grace_days if self.restore_expired == "grace" else None


RETURN_FEATURES: Final = frozenset(
    {
        "spent_points",
        "claw_back",
        "restore_expired",
        "broken_threshold",
        "broken_bundle",
        "offline_return",
        "exchange_price",
        "voided_by",
    }
)


def return_features(policies: ReturnPolicies) -> Iterator[str]:
    """Name the choices about returns that are not those of old."""
    changed = {
        name
        for name, field in ReturnPolicies.model_fields.items()
        if getattr(policies, name) != field.default
    }
    if "restore_grace_days" in changed:
        changed.add("restore_expired")
    yield from sorted(changed & RETURN_FEATURES)
