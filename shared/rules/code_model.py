"""The part of a pack file about promo codes: campaigns, whose words or tokens customers name."""

from typing import Annotated, Literal

from pydantic import Field

from shared.rules.grammar import Document, Names, Title, Window, Words
from shared.rules.scalars import Amount, Count, Word

WORDS_MAX = 1_000


class CodeCampaign(Document):
    """Codes of one purpose: common `words`, or unique tokens that the centre knows.

    What the receipt states of a code comes on top: whose it is, how often it was used, its days.
    """

    title: Title
    words: Annotated[tuple[Word, ...], Field(max_length=WORDS_MAX)] = ()
    channel: Word | None = None
    """Where the codes were given out, for reports."""
    when: Window = Window()
    stores: Words | None = None
    regions: Words | None = None
    segments: Words | None = None
    tiers: Names | None = None
    receipt_sum_from: Amount | None = None
    first_purchase: Literal["yes", "no"] = "no"
    personal: Literal["yes", "no"] = "no"
    """Only its owner may use a code."""
    per_code_max: Count | None = None
    per_member_max: Count | None = None


def folded(word: str) -> str:
    """Return a code as it is compared: people and scanners differ in case and blanks."""
    return "".join(word.split()).casefold()
