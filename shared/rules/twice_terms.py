"""What a programme does when a certificate or a unique code was used twice all the same.

Leases make that impossible but for stores that were written off, copied or restored. Both receipts
stand, whatever is chosen here: the goods are out.
"""

from collections.abc import Iterator
from typing import Final, Literal

from shared.rules.grammar import Document


class TwicePolicies(Document):
    """Choices that a programme makes once about what was used twice."""

    certificate_used_twice: Literal["debt", "forgive"] = "debt"
    """What becomes of what a certificate has paid too much: it stays owed on the certificate, so
    that refunds settle it, or the chain bears it at once."""
    code_used_twice: Literal["stands", "take_points"] = "stands"
    """Whether points that a code has brought once more stay until a person decides, or go."""


TWICE_FEATURES: Final = frozenset(TwicePolicies.model_fields)


def twice_features(policies: TwicePolicies) -> Iterator[str]:
    """Name the choices that are not those of old."""
    for name, field in TwicePolicies.model_fields.items():
        if getattr(policies, name) != field.default:
            yield name
