"""A change of any field of a pack is told in words: no key, no value as programs write it."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from shared.rules.condition_model import Condition
from shared.rules.diff import diff
from shared.rules.features import used_features
from shared.rules.grammar import Document, Title
from shared.rules.model import Pack
from shared.rules.offline_terms import CAPS
from shared.rules.pack import read_pack
from shared.rules.sentences import Lang
from shared.rules.units import is_amount, is_percent

NODES_MAX: Final = 10
VARIANTS_MAX: Final = 6
"""Parts of a sort, and other values of each, that are tried."""

_EVERY: Final = Path(__file__).parent / "every.yaml"
_TERMS: Final = {
    "activation": ("at once", "after 24 h", "next day", "after 3 days"),
    "expiry": ("never", "6 months", "1 days", "end of month", "end of quarter", "2027-01-31"),
    "window": ("lifetime", "rolling 21 days", "rolling 2 months", "calendar quarter"),
    "zone": ("Asia/Omsk",),
    "tz": ("2026a",),
    "last": ("17:00",),
    "first": ("07:00",),
}
_WRITTEN: Final = {
    "offline_redemption": "signed_pass",
    "offline_pass_points": "100.00",
    "offline_pass_days": 2,
}
"""Values of fields that change together with others, where they are not 0."""
_BY_PASS: Final[dict[str, object]] = {
    "offline_redemption": "signed_pass",
    **dict.fromkeys(CAPS, 0),
}
_TOGETHER: Final[dict[str, dict[str, object]]] = {
    "offline_return": {"offline_return_cap_minor": 0},
    "offline_redemption": dict.fromkeys(CAPS, 0),
    "offline_pass_points": {**_BY_PASS, "offline_pass_days": 2},
    "offline_pass_days": {**_BY_PASS, "offline_pass_points": 100_00},
}
"""Fields that only change together with others."""

_FOREIGN: Final = {
    "ru": re.compile(r"[A-Za-z]|<|>|\{|\}|=|\[|\]|None"),
    "en": re.compile(r"[А-Яа-яЁё]|_|<|>|\{|\}|=|\[|\]|None"),
}
_NAMES: Final = re.compile(r"zz[\w./]*|жж\w*|Europe/Moscow|Asia/Omsk|202[56][a-z]|·|›[яx]")
_SAME: Final = ("смысл прежний", "the meaning is the same")
_ROUBLES: Final = frozenset(
    {
        *("Wallet.point_value_minor", "Floor.price_minor", "Caps.line_amount"),
        *("Caps.receipt_amount", "CodeCampaign.receipt_sum_from", "DiscountEffect.amount_minor"),
        *("DiscountEffect.price_minor", "DiscountEffect.every_minor", "BundleEffect.price_minor"),
        *("EarnEffect.every_minor", "OnceGrantRule.certificate", "Limit.discount", "Goal.reach"),
        *("BasketHas.sum_minor", "Condition.receipt_sum_from", "Condition.price_from"),
        *("Policies.till_tolerance_minor", "Policies.small_change_minor", "TableRow.from_minor"),
        *("Policies.line_pays_at_least_minor", "Policies.receipt_pays_at_least_minor"),
        *("Policies.offline_return_cap_minor",),
    }
)
_NO_ROUBLES: Final = frozenset(
    {
        *("Wallet.earning_unit", "Wallet.redeeming_unit", "Wallet.early_activation_max"),
        *("TierStep.from_minor", "EarnEffect.points", "EarnEffect.points_each"),
        *("EarnEffect.at_most", "EarnTimesEffect.times", "RedeemEffect.at_most"),
        *("RedeemEffect.at_least", "Limit.points", "OnceGrantRule.points"),
        *("Policies.offline_receipt_points", "Policies.offline_member_points"),
        *("Policies.offline_store_points", "Policies.offline_pass_points"),
    }
)
_EITHER: Final = frozenset({"Counted.at_least", "TableRow.amounts"})
"""By what is counted; by who uses the table."""

_NOT_CHANGED: Final = frozenset({"effect", "block"})
"""What tells effects, and blocks of slips, apart."""


@cache
def every() -> Pack:
    return read_pack(_EVERY.read_text(encoding="utf-8"))


def _models(model: type[BaseModel], seen: dict[str, type[BaseModel]]) -> None:
    """Gather the models of which a pack may be made."""
    if model.__name__ in seen:
        return
    seen[model.__name__] = model
    for field in model.model_fields.values():
        for inner in _classes(field.annotation):
            _models(inner, seen)


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _classes(inner)


def _nodes(node: object) -> Iterator[Document]:
    if isinstance(node, Document):
        yield node
        for name in type(node).model_fields:
            yield from _nodes(getattr(node, name))
    elif isinstance(node, tuple | dict):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _nodes(item)


def _fields() -> list[tuple[str, str]]:
    found: dict[str, type[BaseModel]] = {}
    _models(Pack, found)
    return [
        (model, name)
        for model, made in found.items()
        for name in made.model_fields
        if name not in _NOT_CHANGED
    ]


def _variants(node: Document, name: str) -> Iterator[Document]:
    """Give the node with another value of a field, as far as its model takes it."""
    field = type(node).model_fields[name]
    now = getattr(node, name)
    is_condition = isinstance(node, Condition)
    if is_condition and now is None:
        return
    same = [other for other in _nodes(every()) if type(other) is type(node)]
    others = [] if is_condition or name == "requires" else [getattr(other, name) for other in same]
    for value in (*_changed(now, name, field), *others):
        if value == now or (is_condition and value is None):
            continue
        together = _TOGETHER.get(name, {})
        try:
            found = _document(node) | {
                key.removesuffix("_minor"): _WRITTEN.get(key, 0) for key in together
            }
            made = type(node).model_validate(found | {field.alias or name: _plain(value)})
        except (ValidationError, AssertionError):
            continue
        is_short = isinstance(value, str) and not isinstance(getattr(made, name), str)
        yield node.model_copy(update=together | {name: getattr(made, name) if is_short else value})


def _document(node: Document) -> dict[str, object]:
    return node.model_dump(by_alias=True, exclude_defaults=True, mode="json")


def _plain(value: object) -> object:
    if isinstance(value, Document):
        return _document(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def _changed(now: object, name: str, field: FieldInfo) -> Iterator[object]:
    yield from _choices(field.annotation)
    yield from _TERMS.get(name, ())
    if isinstance(now, Title):
        yield now.model_copy(update={"ru": f"{now.ru}я"})
        yield now.model_copy(update={"en": f"{now.en}x"})
    elif isinstance(now, datetime | date):
        yield now + timedelta(days=1)
    elif type(now) is int:
        yield from (now + 1, now + 100, now // 2 + 1)
    elif isinstance(now, str):
        yield from (f"zz{now}", "zzcups", "zzlist")
    elif isinstance(now, Document):
        yield from (one for inner in type(now).model_fields for one in _variants(now, inner))
        yield from _default_of(type(now))
    else:
        yield from _changed_many(now, name, field)
    yield None


def _changed_many(now: object, name: str, field: FieldInfo) -> Iterator[object]:
    if name == "requires" and isinstance(now, tuple):
        yield (*now, "zznew")
    elif isinstance(now, tuple):
        yield from (now[1:], (*now, "zznew"))
        yield from (now[::-1],) if all(isinstance(one, str) for one in now) else ()
        yield tuple(one + 100 if type(one) is int else one for one in now)
        inner = (one for one in _changed(now[0], "", field)) if now else ()
        yield from ((one, *now[1:]) for one in inner if isinstance(one, Document))
    elif isinstance(now, dict):
        yield {key: one + 100 if type(one) is int else one for key, one in now.items()}
        yield dict(list(now.items())[1:])
    elif now is None:
        yield from ("zznew", ("zznew",), 100, 200)
        yield from (one for made in _classes(field.annotation) for one in _all_of(made))


def _default_of(model: type[Document]) -> Iterator[Document]:
    if not any(field.is_required() for field in model.model_fields.values()):
        yield model.model_construct()


def _all_of(model: type[BaseModel]) -> Iterator[Document]:
    yield from (node for node in _nodes(every()) if type(node) is model)


def _choices(annotation: object) -> Iterator[object]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    else:
        for inner in get_args(annotation):
            yield from _choices(inner)


def _with(pack: Pack, holder: Document, changed: Document) -> Pack:
    def copied(found: Any) -> Any:
        if found is holder:
            return changed
        if isinstance(found, Condition):
            return found.model_copy(update={found.operator: copied(found.operand)})
        if isinstance(found, BaseModel):
            keys = type(found).model_fields
            return found.model_copy(update={key: copied(getattr(found, key)) for key in keys})
        if isinstance(found, dict):
            return {key: copied(value) for key, value in found.items()}
        return tuple(copied(item) for item in found) if isinstance(found, tuple) else found

    made = copied(pack)
    assert isinstance(made, Pack)
    if holder is pack and made.requires != pack.requires:
        return made
    return made.model_copy(update={"requires": tuple(sorted(used_features(made)))})


@pytest.mark.parametrize(("model", "name"), _fields())
def test_a_change_of_any_field_is_told_in_words(model: str, name: str) -> None:
    pack = every()
    nodes = [one for one in _nodes(pack) if type(one).__name__ == model]
    tried = [(one, list(islice(_variants(one, name), VARIANTS_MAX))) for one in nodes]
    tried = [(node, variants) for node, variants in tried if variants]
    for node, variants in tried[:NODES_MAX]:
        for changed in variants:
            newer = _with(pack, node, changed)
            _check(diff(pack, newer, "ru"), "ru", f"{model}.{name}", node)
            _check(diff(newer, pack, "en"), "en", f"{model}.{name}", node)

    assert tried, f"every.yaml lets {model}.{name} be nothing else"


def _check(told: list[str], lang: Lang, field: str, node: Document) -> None:
    assert told
    for sentence in told:
        words = "" if field == "Pack.requires" else _NAMES.sub("·", sentence)
        assert not _FOREIGN[lang].search(words), sentence
        assert not any(same in sentence for same in _SAME), sentence
    made = type(node).model_fields[field.partition(".")[2]]
    if field in _ROUBLES:
        assert any("₽" in sentence for sentence in told), told
    elif field in _NO_ROUBLES and not field.startswith("EarnEffect.points"):
        assert not any("₽" in sentence for sentence in told), told
    elif is_percent(made) and lang == "ru":
        assert any("%" in one or "процентн" in one for one in told), told


def test_every_amount_has_a_unit_here() -> None:
    found: dict[str, type[BaseModel]] = {}
    _models(Pack, found)
    amounts = {
        f"{model}.{name}"
        for model, made in found.items()
        for name, field in made.model_fields.items()
        if is_amount(field)
    }

    prices = {"PriceList.prices", "NewThresholds.from_minor"}
    assert amounts - prices == (_ROUBLES | _NO_ROUBLES | _EITHER) - prices
