"""Promo codes: which do something, and why the others do not."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from shared.basket import Flag, Line
from shared.member import History, MemberView, Use
from shared.receipt import CodeState, PresentedCode, Receipt
from shared.rules.evaluate import evaluate
from shared.rules.pack import FEATURES, PackError, canonical, load_canonical, read_pack
from shared.rules.result import Evaluation
from tests.shared.rules.builders import (
    MEMBER,
    MOMENT,
    discount_rule,
    earn_rule,
    goods,
    line,
    member,
    pack_text,
    receipt,
)
from tests.shared.rules.strategies import pack_of
from tests.shared.rules.test_receipt_stacking import effect_rule, stacking

TITLE = "title: {ru: Весна, en: Spring}"
RULE = discount_rule("code", "10 %", "{code_in: [spring]}")
TODAY = MOMENT.day
HUNDRED = (line(1, 1000_00),)


def campaign(terms: str = "", words: str = "[SPRING]") -> str:
    more = f", {terms}" if terms else ""
    return f"codes:\n  spring: {{{TITLE}, words: {words}{more}}}\n"


def presenting(
    *codes: str, known: tuple[PresentedCode, ...] = (), lines: tuple[Line, ...] = HUNDRED
) -> Receipt:
    return replace(receipt(*lines), promo_codes=codes, codes=known, region="north")


def priced(text: str, owner: MemberView | None, bought: Receipt) -> Evaluation:
    return evaluate(pack_of(text), owner, bought, MOMENT)


def became(found: Evaluation) -> list[tuple[str, str]]:
    return [(code.kind, code.reason.code) for code in found.codes]


@pytest.mark.parametrize("said", ["SPRING", "spring", " Spr ing "])
def test_a_common_code_works_in_any_case_and_without_anybody_knowing_it(said: str) -> None:
    found = priced(pack_text(RULE, tail=campaign()), None, presenting(said))

    assert found.totals.discount_minor == 100_00
    assert became(found) == [("applied", "code_applied")]
    assert found.applied == ("code",)


def test_without_the_code_nothing_happens() -> None:
    found = priced(pack_text(RULE, tail=campaign()), None, presenting())

    assert found.totals.discount_minor == 0
    assert found.codes == ()
    assert [(r.rule, r.reason.code) for r in found.rejected] == [("code", "condition")]


REFUSED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "ended": ("when: {to: 2026-04-09}", {}, "expired", "ended"),
    "its own day is over": ("", {"last_day": date(2026, 4, 9)}, "expired", "ended"),
    "expired by the centre": ("", {"state": CodeState.EXPIRED}, "expired", "code_expired"),
    "begins tomorrow": ("when: {from: 2026-04-11}", {}, "not_yet", "not_yet"),
    "its own day comes": ("", {"first_day": date(2026, 4, 11)}, "not_yet", "not_yet"),
    "used": ("", {"state": CodeState.USED}, "used_up", "code_used_up"),
    "used by all": ("per_code_max: 3", {"used": 3}, "used_up", "code_used_up"),
    "used by him": ("per_member_max: 1", {"used_by_member": 1}, "used_up", "code_used_by_you"),
    "another's": ("", {"owner": UUID(int=9)}, "not_yours", "code_not_yours"),
    "nobody's": ("personal: yes", {}, "not_yours", "code_not_yours"),
    "other store": ("stores: [77]", {}, "wrong_store", "code_wrong_store"),
    "other region": ("regions: [south]", {}, "wrong_store", "code_wrong_store"),
    "other segment": ("segments: [vip]", {}, "wrong_segment", "code_wrong_segment"),
    "other tier": ("tiers: [high]", {}, "wrong_segment", "code_wrong_segment"),
    "second purchase": ("first_purchase: yes", {}, "wrong_segment", "code_first_purchase"),
    "small sum": ("receipt_sum_from: 1000.01", {}, "below_minimum", "code_below_minimum"),
    "held": ("", {"state": CodeState.HELD}, "held_elsewhere", "code_held"),
    "revoked": ("", {"state": CodeState.REVOKED}, "blocked", "code_blocked"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_code_that_is_refused_says_why_and_does_nothing(case: str) -> None:
    terms, facts, kind, reason = REFUSED[case]
    known = PresentedCode("SPRING", **facts)
    owner = replace(member(), receipts=1)

    found = priced(
        pack_text(RULE, tail=campaign(terms)), owner, presenting("SPRING", known=(known,))
    )

    assert became(found) == [(kind, reason)]
    assert found.totals.discount_minor == 0


@pytest.mark.parametrize(
    ("terms", "facts"),
    [
        ("when: {from: 2026-04-10, to: 2026-04-10}", {}),
        ("per_code_max: 3, per_member_max: 2", {"used": 2, "used_by_member": 1}),
        ("personal: yes", {"owner": MEMBER}),
        ("stores: [1, 2], regions: [north]", {}),
        ("segments: [vip], tiers: [base]", {}),
        ("first_purchase: yes", {}),
        ("receipt_sum_from: 1000.00", {}),
    ],
)
def test_a_code_within_its_terms_is_good(terms: str, facts: dict[str, Any]) -> None:
    known = PresentedCode("SPRING", **facts)
    owner = replace(member(), segments=frozenset({"vip"}))

    found = priced(
        pack_text(RULE, tail=campaign(terms)), owner, presenting("SPRING", known=(known,))
    )

    assert became(found) == [("applied", "code_applied")]


def test_a_code_that_nobody_knows_is_unknown() -> None:
    found = priced(pack_text(RULE, tail=campaign()), None, presenting("AUTUMN"))

    assert became(found) == [("unknown", "code_unknown")]


def test_a_limit_per_member_needs_a_member() -> None:
    text = pack_text(RULE, tail=campaign("per_member_max: 1"))

    assert became(priced(text, None, presenting("SPRING"))) == [
        ("wrong_segment", "code_needs_member")
    ]


@pytest.mark.parametrize(("times", "kind"), [(1, "applied"), (2, "used_up")])
def test_the_member_s_history_counts_what_he_used(times: int, kind: str) -> None:
    text = pack_text(RULE, tail=campaign("per_member_max: 2"))
    history = History(uses=(Use("code.spring", date(2026, 1, 1), times), Use("code", TODAY, 9)))

    found = priced(text, replace(member(), history=history), presenting("SPRING"))

    assert [code.kind for code in found.codes] == [kind]
    counted = [use.rule for use in found.uses]
    assert counted == (["code.spring"] if kind == "applied" else [])


def test_an_outweighed_code_is_not_counted() -> None:
    text = pack_text(RULE, discount_rule("sale", "30 %"), tail=campaign("per_member_max: 2"))

    assert priced(text, member(), presenting("SPRING")).uses == ()


def test_a_unique_code_names_its_campaign_and_its_channel() -> None:
    """A token of a batch: the pack does not list it, the store knows whose campaign it is."""
    text = pack_text(RULE, tail=campaign("channel: newspaper", words="[]"))
    plain = PresentedCode("X7Q2", "spring")
    tagged = PresentedCode("X7Q2", "spring", channel="event of May")

    assert became(priced(text, None, presenting("X7Q2"))) == [("unknown", "code_unknown")]
    for known, channel in ((plain, "newspaper"), (tagged, "event of May")):
        (outcome,) = priced(text, None, presenting("x7q2", known=(known,))).codes
        assert (outcome.kind, outcome.campaign, outcome.channel) == ("applied", "spring", channel)


def test_the_same_code_twice_counts_once() -> None:
    found = priced(pack_text(RULE, tail=campaign(words="[A, B]")), None, presenting("A", "B"))

    assert became(found) == [("applied", "code_applied"), ("no_effect", "code_again")]
    assert found.totals.discount_minor == 100_00


def test_an_outweighed_code_is_not_used_up() -> None:
    text = pack_text(RULE, discount_rule("sale", "30 %"), tail=campaign())

    found = priced(text, None, presenting("SPRING"))

    assert found.totals.discount_minor == 300_00
    assert became(found) == [("no_effect", "outweighed")]


def test_a_code_that_fits_no_goods_is_not_used_up() -> None:
    cigarettes = line(1, 200_00, goods("tobacco", flags=[Flag.TOBACCO]))

    found = priced(
        pack_text(RULE, tail=campaign()), None, presenting("SPRING", lines=(cigarettes,))
    )

    assert found.totals.discount_minor == 0
    assert [code.kind for code in found.codes] == ["no_effect"]


def test_a_code_of_an_earning_rule_is_used_when_it_earns() -> None:
    text = pack_text(earn_rule("earn", condition="{code_in: [spring]}"), tail=campaign())

    assert became(priced(text, member(), presenting("SPRING"))) == [("applied", "code_applied")]
    assert [c.kind for c in priced(text, None, presenting("SPRING")).codes] == ["no_effect"]


@pytest.mark.edge("E10")
@pytest.mark.capability("FASHION-39")
@pytest.mark.parametrize(
    ("only", "expected"), [("yes", [4_100_00, 0]), ("no", [4_100_00, 1_100_00])]
)
def test_an_additive_code_adds_11_points_to_30_percent(only: str, expected: list[int]) -> None:
    """10 000.00 at 30 % with 11 points: 41 % of the base price, 5 900.00 to pay, not 6 230.00."""
    text = pack_text(
        discount_rule("sale", "30 %", "{flag_in: [sale]}"),
        discount_rule("card", "5 %", "{flag_in: [sale]}"),
        effect_rule(
            "eleven",
            f"add_percent_points, percent: 11 %, only_if_discounted: {only}",
            "{code_in: [spring]}",
        ),
        tail=campaign(words="[11.11]")
        + stacking("group: top, mode: best, children: [sale, card], modifiers: [eleven]"),
    )
    lines = (line(1, 10_000_00, goods("dress", flags=[Flag.SALE])), line(2, 10_000_00))

    found = priced(text, None, presenting("11.11", lines=lines))

    assert [row.discount_minor for row in found.lines] == expected
    assert became(found) == [("applied", "code_applied")]


@pytest.mark.capability("FASHION-39")
def test_the_floor_holds_against_an_additive_code() -> None:
    text = pack_text(
        discount_rule("sale", "30 %"),
        effect_rule("eleven", "add_percent_points, percent: 11 %", "{code_in: [spring]}"),
        tail=campaign() + stacking("group: top, mode: best, children: [sale], modifiers: [eleven]"),
    )
    dress = line(1, 10_000_00, goods("dress", floor_minor=6_500_00))

    found = priced(text, None, presenting("SPRING", lines=(dress,)))

    assert found.totals.payable_minor == 6_500_00


@pytest.mark.parametrize(("before", "expected"), [(0, 0), (3, 0), (4, 100_00), (9, 100_00)])
def test_every_fifth_purchase(before: int, expected: int) -> None:
    text = pack_text(discount_rule("fifth", "10 %", "{every_nth_purchase: 5}"))

    found = priced(text, replace(member(), receipts=before), receipt(*HUNDRED))

    assert found.totals.discount_minor == expected
    assert "receipts" in found.fields_read


@pytest.mark.parametrize(("before", "expected"), [(0, 100_00), (1, 0), (None, 0)])
def test_the_first_purchase(before: int | None, expected: int) -> None:
    text = pack_text(discount_rule("first", "10 %", "{first_purchase: yes}"))
    owner = None if before is None else replace(member(), receipts=before)

    assert priced(text, owner, receipt(*HUNDRED)).totals.discount_minor == expected


@pytest.mark.parametrize(
    ("tail", "fault"),
    [
        ("codes: {autumn: {title: {ru: А, en: A}}}\n", "unknown_name"),
        (
            "codes: {spring: {title: {ru: А, en: A}, words: [x]},"
            " autumn: {title: {ru: А, en: A}, words: [X]}}\n",
            "repeated",
        ),
        ("codes: {spring: {title: {ru: А, en: A}, tiers: [none]}}\n", "unknown_name"),
    ],
)
def test_codes_that_make_no_sense_are_refused(tail: str, fault: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(pack_text(RULE, tail=tail))

    assert refused.value.fault == fault


def test_a_pack_names_the_codes_that_it_needs() -> None:
    pack = read_pack(pack_text(RULE, tail=campaign("per_member_max: 1")))

    assert {"codes", "if.code_in"} <= set(pack.requires) <= FEATURES
    assert load_canonical(canonical(pack)) == pack
