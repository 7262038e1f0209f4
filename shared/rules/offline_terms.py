"""How a programme lets points be redeemed while the centre is out of reach."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from shared.rules.faults import fault
from shared.rules.grammar import Document
from shared.rules.scalars import Amount, Count

OfflineRedemption = Literal["forbid", "lease", "limit", "signed_pass"]
PASS_DAYS_MAX: Final = 90

CAPS: Final = ("offline_receipt_points", "offline_member_points", "offline_store_points")
"""What `limit` needs, from the narrowest to the widest; all in points beyond the store's leases."""


class OfflinePolicies(Document):
    """Choices that a programme makes once about redeeming without the centre."""

    offline_redemption: OfflineRedemption = "lease"
    """What a store may redeem offline: nothing, what it has leased, or more: up to the caps, or by
    a pass that the member shows."""
    offline_receipt_points: Amount = 0
    """Hundredths of a point beyond the leases that one receipt may redeem."""
    offline_member_points: Amount = 0
    """The same of one member at one store: a day, and until the centre's rows cover it."""
    offline_store_points: Amount = 0
    """The same of one store over all members, until the centre's rows cover it."""
    offline_pass_points: Amount = 0
    """Hundredths of a point beyond the leases that a pass lets its account redeem at a store."""
    offline_pass_days: Annotated[Count, Field(le=PASS_DAYS_MAX)] = 0
    """How long a pass is good, from the instant at which the centre issues it."""

    @model_validator(mode="after")
    def _caps_agree(self) -> "OfflinePolicies":
        caps = self.offline_caps
        wanted = self.offline_redemption == "limit"
        if any(bool(cap) != wanted for cap in caps):
            raise fault(
                "caps_without_limit",
                ru=f"offline_redemption: limit нужен вместе с {', '.join(CAPS)}",
                en=f"offline_redemption: limit is needed together with {', '.join(CAPS)}",
            )
        if list(caps) != sorted(caps):
            raise fault(
                "caps_out_of_order",
                ru="предел чека не больше предела участника, а тот не больше предела магазина",
                en="a receipt's cap is at most the member's, and that at most the store's",
            )
        return self

    @model_validator(mode="after")
    def _pass_agrees(self) -> "OfflinePolicies":
        wanted = self.offline_redemption == "signed_pass"
        if any(bool(term) != wanted for term in (self.offline_pass_points, self.offline_pass_days)):
            raise fault(
                "pass_without_terms",
                ru="offline_redemption: signed_pass нужен вместе с offline_pass_points и "
                "offline_pass_days",
                en="offline_redemption: signed_pass is needed together with offline_pass_points "
                "and offline_pass_days",
            )
        return self

    @property
    def offline_caps(self) -> tuple[int, int, int]:
        """Return the caps of a receipt, a member and a store, in hundredths of a point."""
        return (
            self.offline_receipt_points,
            self.offline_member_points,
            self.offline_store_points,
        )


OFFLINE_FEATURES: Final = frozenset(
    f"offline_redemption.{name}" for name in ("forbid", "limit", "signed_pass")
)


def offline_features(policies: OfflinePolicies) -> Iterator[str]:
    """Name what a pack asks of an agent that redeems offline, if it is not what leases allow."""
    name = f"offline_redemption.{policies.offline_redemption}"
    if name in OFFLINE_FEATURES:
        yield name
