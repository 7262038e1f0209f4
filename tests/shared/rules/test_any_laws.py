"""Laws of packs of the whole grammar: each phase, the stacking, the bytes, and what is told."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.canonical import result_hash
from shared.rules.compile import CompiledPack
from shared.rules.diff import diff
from shared.rules.evaluate import STEPS, evaluate
from shared.rules.features import FEATURES, used_features
from shared.rules.lint import lint
from shared.rules.moment import Moment
from shared.rules.pack import canonical, load_canonical, read_pack
from shared.rules.phases.draft import Item
from shared.rules.phases.normalise import normalise
from shared.rules.schema import pack_schema
from tests.shared.rules.any_pack import EFFECTS, Doc, pack_docs, text_of
from tests.shared.rules.builders import compiled
from tests.shared.rules.strategies import any_packs, members, moments, receipts

ROOT = Path(__file__).parents[3]
DOCS, MEMBERS, RECEIPTS, MOMENTS = pack_docs(), members(), receipts(), moments()
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
VALIDATOR = jsonschema.Draft202012Validator(pack_schema())


@given(any_packs(), MEMBERS, RECEIPTS, MOMENTS)
def test_after_each_phase_every_line_is_whole_and_not_below_its_floor(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    draft = normalise(pack, who, bought, moment)
    floors = {item.line.no: _floor(pack, item, moment) for item in draft.items}

    for phase, step in STEPS:
        step(pack, draft)

        for item in draft.items:
            given = item.discount_minor + item.redeemed_minor
            assert item.sum_minor + given == item.base_minor, phase
            assert item.sum_minor >= floors[item.line.no] >= 0, phase
            assert min(item.discount_minor, item.redeemed_minor, item.money_minor) >= 0, phase
        for effect in draft.effects:
            assert effect.amount == sum(amount for _, amount in effect.allocations), phase


def _floor(pack: CompiledPack, item: Item, moment: Moment) -> int:
    """The lowest sum of a line, found anew: its own floor, and those by law in force."""
    goods = item.line.goods
    unit_minor = goods.floor_minor
    for floor in pack.source.floors:
        for name in floor.goods:
            listed = pack.source.lists[name]
            path = f"{goods.group}/"
            is_listed = (
                goods.sku in listed.skus
                or goods.brand in listed.brands
                or bool(goods.flags & set(listed.flags))
                or any(path.startswith(f"{one}/") for one in listed.groups)
            )
            in_force = (floor.first is None or floor.first <= moment.day) and (
                floor.last is None or moment.day <= floor.last
            )
            if is_listed and in_force:
                unit_minor = max(unit_minor, floor.price_minor)
    return min(item.base_minor, -(-unit_minor * item.line.quantity // 1000))


@given(pack_docs(("discount",)), st.sampled_from(["line", "receipt"]), MEMBERS, RECEIPTS, MOMENTS)
@settings(max_examples=60)
def test_the_best_of_a_group_is_never_worse_for_the_customer_than_any_of_its_children(
    doc: Doc, scope: str, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    """Each child is tried with the others out of the pack, the group alone, no caps and no limits:
    a winner that is cut afterwards has still won."""
    plain = {
        key: value for key, value in doc.items() if key not in ("caps", "stacking", "policies")
    }
    plain["rules"] = [
        {key: value for key, value in rule.items() if key != "limits"} for rule in doc["rules"]
    ]
    bought = replace(bought, budgets=())
    ids = [rule["id"] for rule in plain["rules"]]

    def paid(children: Sequence[str]) -> list[int]:
        group = {"group": "g", "mode": "best", "scope": scope, "children": list(children)}
        rules = [rule for rule in plain["rules"] if rule["id"] in children]
        pack = compiled(text_of(plain | {"rules": rules, "stacking": [group], "grants": []}))
        found = evaluate(pack, who, bought, moment)
        by_line = [row.discount_minor for row in found.lines]
        return by_line if scope == "line" else [sum(by_line)]

    best = paid(ids)

    for child in ids:
        assert all(a >= b for a, b in zip(best, paid([child]), strict=True)), child


@given(DOCS)
def test_a_pack_reads_back_from_its_bytes_and_its_schema_knows_it(doc: Doc) -> None:
    VALIDATOR.validate(doc)
    pack = read_pack(text_of(doc))

    again = load_canonical(canonical(pack))

    assert again == pack
    assert canonical(again) == canonical(pack)
    assert used_features(pack) <= set(pack.requires) <= FEATURES
    assert used_features(again) <= used_features(pack)
    for lang in ("ru", "en"):
        assert diff(pack, again, lang) == []


@given(DOCS, DOCS, st.data())
@settings(max_examples=60, suppress_health_check=SLOW)
def test_whatever_one_part_of_a_pack_becomes_there_is_a_sentence(
    doc: Doc, other: Doc, data: st.DataObject
) -> None:
    """A part, small or large, is taken from another pack that has one in the same place."""
    places = [place for place in _places(doc) if _at(other, place) is not _ABSENT]
    place = data.draw(st.sampled_from(places))
    changed = deepcopy(doc)
    _put(changed, place, _at(other, place))
    old = read_pack(text_of(doc))
    try:
        new = read_pack(text_of(changed))
    except Exception:  # noqa: BLE001 - a mixture need not be a pack
        assume(False)

    told = {lang: diff(old, new, lang) for lang in ("ru", "en")}

    assert bool(told["ru"]) == bool(told["en"]) == (canonical(old) != canonical(new))
    assert all(sentence.strip() for sentences in told.values() for sentence in sentences)


_ABSENT: Any = object()
Place = tuple[str | int, ...]


def _places(node: Any, place: Place = ()) -> Iterator[Place]:
    if place:
        yield place
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in inner:
        if isinstance(value, dict | list):
            yield from _places(value, (*place, key))
        else:
            yield (*place, key)


def _at(node: Any, place: Place) -> Any:
    for key in place:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return node


def _put(node: Any, place: Place, value: Any) -> None:
    *path, last = place
    for key in path:
        node = node[key]
    node[last] = value


@given(DOCS)
@settings(max_examples=15, suppress_health_check=SLOW)
def test_the_linter_says_something_of_any_pack_in_bounded_trials(doc: Doc) -> None:
    pack = compiled(text_of(doc))

    found = lint(pack, 300)

    assert 0 < found.survey.tried <= 300
    assert found.survey.worst is not None
    assert 0 <= found.survey.worst.share <= 1
    assert all(doubt.words.ru != doubt.words.en for doubt in found.doubts)


CASES = st.lists(st.tuples(DOCS.map(text_of), MEMBERS, RECEIPTS, MOMENTS), min_size=4, max_size=12)
PROGRAM = """
import pickle, sys
from pathlib import Path
from shared.rules.canonical import result_hash
from shared.rules.evaluate import evaluate
from tests.shared.rules.builders import compiled
for text, who, bought, moment in pickle.loads(Path(sys.argv[1]).read_bytes()):
    found = evaluate(compiled(text), who, bought, moment)
    print(result_hash(found), repr(found.trace))
"""


@given(CASES)
@settings(max_examples=3, suppress_health_check=[*SLOW, HealthCheck.function_scoped_fixture])
def test_another_process_with_another_hash_seed_finds_the_same_of_any_packs(
    tmp_path: Path, cases: list[tuple[str, MemberView | None, Receipt, Moment]]
) -> None:
    file = tmp_path / "cases"
    file.write_bytes(pickle.dumps(cases))
    here = []
    for text, who, bought, moment in cases:
        found = evaluate(compiled(text), who, bought, moment)
        here.append(f"{result_hash(found)} {found.trace!r}")

    for seed in ("1", "4242"):
        ran = subprocess.run(  # noqa: S603
            [sys.executable, "-c", PROGRAM, str(file)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.splitlines() == here


@pytest.mark.parametrize("kind", ["discount", "redeem", "earn", "earn_times", "hint", "coupon"])
@given(data=st.data())
@settings(max_examples=30, suppress_health_check=SLOW)
def test_a_rule_that_fits_nothing_changes_nothing_in_any_pack(
    kind: str, data: st.DataObject
) -> None:
    doc = data.draw(DOCS)
    extra = data.draw(pack_docs((kind,)))["rules"][0]
    extra = deepcopy(extra) | {"id": "extra", "if": {"sku_in": ["no-such-sku"]}}
    for effect in extra["then"]:
        assume(effect.get("table", "t0") in doc["tables"] or "table" not in effect)
        effect.pop("counter", None)
    richer = deepcopy(doc)
    richer["rules"].append(extra)
    if kind == "discount" and richer.get("stacking"):
        richer["stacking"][0]["children"].append("extra")
    who, bought, moment = data.draw(MEMBERS), data.draw(RECEIPTS), data.draw(MOMENTS)
    try:
        more = compiled(text_of(richer))
    except Exception:  # noqa: BLE001 - an amount may not stand where the table is of percents
        assume(False)

    plain = evaluate(compiled(text_of(doc)), who, bought, moment)
    found = evaluate(more, who, bought, moment)

    assert found.lines == plain.lines
    assert found.effects == plain.effects
    assert (found.grants, found.once, found.coupons) == (plain.grants, plain.once, plain.coupons)
    assert (found.hints, found.codes, found.uses) == (plain.hints, plain.codes, plain.uses)
    assert (found.tier, found.tier_after, found.applied) == (
        plain.tier,
        plain.tier_after,
        plain.applied,
    )


def test_the_generator_reaches_the_whole_grammar() -> None:
    """What packs by chance use is all that packs can, but for what other tests are for."""
    used: set[str] = set()

    def gather(kind: str, most: int) -> None:
        @given(pack_docs((kind,)))
        @settings(max_examples=most, database=None, derandomize=True, suppress_health_check=SLOW)
        def gathered(doc: Doc) -> None:
            used.update(used_features(read_pack(text_of(doc))))

        gathered()

    for most in (40, 250):
        for kind in EFFECTS:
            if not used | OTHERS >= FEATURES:
                gather(kind, most)

    assert json.loads(json.dumps(sorted(FEATURES - used - OTHERS))) == []


OTHERS = frozenset(
    {
        "certificate_part",
        "slips",
        *("spent_points", "claw_back", "restore_expired", "broken_threshold", "broken_bundle"),
        *("offline_return", "exchange_price", "voided_by"),
        *("certificate_used_twice", "code_used_twice"),
        *("early_activation_by", "early_activation_max", "early_activation_a_day"),
        *("till_tolerance", "lists.flags"),
        *(name for name in FEATURES if name.startswith(("tiers.", "offline_redemption."))),
    }
)
"""Policies of returns, of activations and of what was used twice do nothing to a price; tracks have
laws of their own."""
