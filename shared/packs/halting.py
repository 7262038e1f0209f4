"""A pack of which one campaign is over: the same rules, and one whose days have ended."""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from shared.errors import Kind, LoyaltyError
from shared.rules.code_model import CodeCampaign
from shared.rules.features import used_features
from shared.rules.grammar import Title, Window
from shared.rules.model import OnceGrantRule, Pack, Rule
from shared.rules.pack import canonical, load_canonical

NAMES_SHOWN_MAX = 50

_T = TypeVar("_T", Rule, OnceGrantRule)


class UnknownCampaignOfPackError(LoyaltyError):
    """A name that no rule, grant or promo code campaign of a pack has."""

    kind = Kind.NOT_FOUND
    code = "unknown_campaign_of_pack"
    ru = "В пакете нет акции «{name}». Есть: {known}."
    en = "The pack has no campaign {name}. There are: {known}."


def campaigns_of(pack: Pack) -> dict[str, Title]:
    """Return the rules, grants and promo code campaigns that can be ended, with their titles."""
    found = {one.id: one.title for one in pack.conditional}
    return found | {name: campaign.title for name, campaign in pack.codes.items()}


def without_campaign(pack: Pack, name: str, version: int, last: date) -> Pack:
    """Return a version of a pack in which a rule, a grant or a promo code campaign has ended on a
    day; all else is the same, and nothing that refers to it breaks.

    Raises UnknownCampaignOfPackError.
    """
    rules, is_rule = _ended(pack.rules, name, last)
    grants, is_grant = _ended(pack.grants, name, last)
    codes = {
        key: _over(campaign, last) if key == name else campaign
        for key, campaign in pack.codes.items()
    }
    if not (is_rule or is_grant or name in pack.codes):
        known = ", ".join(sorted(campaigns_of(pack))[:NAMES_SHOWN_MAX])
        raise UnknownCampaignOfPackError(name=name, known=known)
    ended = pack.model_copy(
        update={"version": version, "rules": rules, "grants": grants, "codes": codes}
    )
    requires = tuple(sorted(used_features(ended).union(pack.requires)))
    return load_canonical(canonical(ended.model_copy(update={"requires": requires})))


def _ended(found: Sequence[_T], name: str, last: date) -> tuple[tuple[_T, ...], bool]:
    ended = tuple(
        one.model_copy(update={"when": _window(one.when, last)}) if one.id == name else one
        for one in found
    )
    return ended, any(one.id == name for one in found)


def _over(campaign: CodeCampaign, last: date) -> CodeCampaign:
    return campaign.model_copy(update={"when": _window(campaign.when, last)})


def _window(when: Window, last: date) -> Window:
    first = None if when.first is None else min(when.first, last)
    ends = last if when.last is None else min(when.last, last)
    return when.model_copy(update={"first": first, "last": ends})
