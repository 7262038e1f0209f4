"""What a pack may say about redeeming offline, and what it asks of an agent then."""

from typing import Any

import pytest

from shared.rules.features import FEATURES, used_features
from shared.rules.lint import lint
from shared.rules.pack import PackError, canonical, read_pack
from shared.rules.policies import policies_of
from shared.rules.schema import pack_schema
from tests.shared.rules.builders import compiled, pack_text

CAPS = "offline_receipt_points: 200.00, offline_member_points: 300.00, offline_store_points: 450.00"

WITH_PASSES = "offline_redemption: signed_pass, offline_pass_points: 500.00, offline_pass_days: 7"


def with_policies(policies: str) -> str:
    return pack_text(tail=f"policies: {{{policies}}}\n")


def test_caps_are_read_as_hundredths_of_a_point() -> None:
    policies = read_pack(with_policies(f"offline_redemption: limit, {CAPS}")).policies

    assert policies.offline_caps == (20_000, 30_000, 45_000)


@pytest.mark.parametrize(
    ("policies", "fault"),
    [
        ("offline_redemption: limit", "caps_without_limit"),
        ("offline_redemption: limit, offline_store_points: 9.00", "caps_without_limit"),
        (CAPS, "caps_without_limit"),
        (f"offline_redemption: forbid, {CAPS}", "caps_without_limit"),
        (
            "offline_redemption: limit, offline_receipt_points: 301.00, "
            "offline_member_points: 300.00, offline_store_points: 450.00",
            "caps_out_of_order",
        ),
        (
            "offline_redemption: limit, offline_receipt_points: 200.00, "
            "offline_member_points: 300.00, offline_store_points: 299.00",
            "caps_out_of_order",
        ),
        (f"offline_redemption: signed_pass, {CAPS}", "caps_without_limit"),
        ("offline_redemption: signed_pass, offline_pass_days: 7", "pass_without_terms"),
        ("offline_redemption: signed_pass, offline_pass_points: 9.00", "pass_without_terms"),
        ("offline_pass_points: 9.00, offline_pass_days: 7", "pass_without_terms"),
    ],
)
def test_caps_stand_with_the_limit_and_widen(policies: str, fault: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(with_policies(policies))

    assert refused.value.fault == fault


@pytest.mark.parametrize(
    ("policies", "feature"),
    [
        ("offline_redemption: forbid", {"offline_redemption.forbid"}),
        (f"offline_redemption: limit, {CAPS}", {"offline_redemption.limit"}),
        (WITH_PASSES, {"offline_redemption.signed_pass"}),
        ("offline_redemption: lease", set()),
    ],
)
def test_an_agent_that_lacks_a_policy_keeps_the_pack_before(
    policies: str, feature: set[str]
) -> None:
    used = used_features(read_pack(with_policies(policies)))

    assert {name for name in used if name.startswith("offline")} == feature
    assert used <= FEATURES


def test_leases_are_the_default_and_leave_the_bytes_of_a_pack_as_they_were() -> None:
    assert canonical(read_pack(with_policies("offline_redemption: lease"))) == canonical(
        read_pack(pack_text())
    )


def test_the_caps_are_told_in_points() -> None:
    pack = read_pack(with_policies(f"offline_redemption: limit, {CAPS}"))

    told = {policy.name: policy for policy in policies_of(pack)}

    assert told["offline_redemption"].value == "limit"
    assert told["offline_member_points"].value.replace("\u00a0", " ") == "300,00"


def test_a_pass_is_told_in_points_and_days() -> None:
    told = {policy.name: policy for policy in policies_of(read_pack(with_policies(WITH_PASSES)))}

    assert told["offline_redemption"].words.en.endswith("by the member's pass")
    assert told["offline_pass_points"].value.replace("\u00a0", " ") == "500,00"
    assert told["offline_pass_days"].words.ru == "пропуск действует 7 дн."


def test_no_pass_is_good_for_longer_than_a_quarter() -> None:
    assert read_pack(
        with_policies(WITH_PASSES.replace("days: 7", "days: 90"))
    ).policies.offline_pass_days
    with pytest.raises(PackError):
        read_pack(with_policies(WITH_PASSES.replace("days: 7", "days: 91")))


def test_an_editor_completes_the_policies() -> None:
    schema: Any = pack_schema()
    fields = schema["$defs"]["Policies"]["properties"]

    assert set(fields["offline_redemption"]["enum"]) >= {"forbid", "lease", "limit", "signed_pass"}
    assert {
        "offline_receipt_points",
        "offline_member_points",
        "offline_store_points",
        "offline_pass_points",
        "offline_pass_days",
    } <= fields.keys()


@pytest.mark.parametrize(("cap", "doubts"), [("0.99", ["offline_cap_idle"]), ("1.00", [])])
def test_a_cap_below_the_least_that_can_be_redeemed_is_doubted(cap: str, doubts: list[str]) -> None:
    caps = f"offline_receipt_points: {cap}, offline_member_points: 9.00, offline_store_points: 9.00"

    found = lint(compiled(with_policies(f"offline_redemption: limit, {caps}")))

    assert [doubt.code for doubt in found.doubts] == doubts


@pytest.mark.parametrize(("cap", "doubts"), [("0.99", ["offline_cap_idle"]), ("1.00", [])])
def test_a_pass_below_the_least_that_can_be_redeemed_is_doubted(
    cap: str, doubts: list[str]
) -> None:
    found = lint(compiled(with_policies(WITH_PASSES.replace("500.00", cap))))

    assert [doubt.code for doubt in found.doubts] == doubts
