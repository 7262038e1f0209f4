"""What a store's midnight changes, and in which order: it is a matter of instants, not of jobs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.member import DayCount, History, MemberView
from shared.receipt import Redeem
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import Evaluation
from tests.shared.rules.builders import (
    TITLE,
    compiled,
    discount_rule,
    earn_rule,
    line,
    lot,
    member,
    pack_text,
    receipt,
    redeem_rule,
)
from tests.shared.rules.test_tracks import track_text

VLADIVOSTOK, MOSCOW = "Asia/Vladivostok", "Europe/Moscow"
MIDNIGHT = datetime(2026, 3, 31, 14, tzinfo=UTC)
"""1 April begins in Vladivostok, ten hours before Greenwich."""
SECOND = timedelta(seconds=1)
GRANT = (
    f"grants:\n  - {{id: gift, {TITLE}, on: birthday, points: 100.00, wallet: bonus, "
    "expiry: 1 days}\n"
)


def earning(activation: str, expiry: str) -> str:
    terms = f"activation: {activation}, expiry: {expiry}"
    return f"{{effect: earn, wallet: bonus, percent: 5 %, {terms}}}"


def sold(at: datetime) -> Evaluation:
    """A receipt of 1 000.00 by a member to whom everything happens at this midnight."""
    track = track_text("window: calendar quarter").partition("tiers:")[2]
    head = pack_text().partition("tiers:")[0] + "tiers:" + track
    rules = (
        discount_rule("off", "10 %", "{tier_in: [high]}"),
        redeem_rule("pay", "percent: 100 %"),
        earn_rule("e", earning("next day", "1 days")),
    )
    pack = compiled(pack_text(*rules, tail=GRANT, head=head))
    last = lot(1, 50_00, expires_on=date(2026, 3, 31))
    new = lot(2, 80_00, activates_at=MIDNIGHT)
    who: MemberView = replace(
        member(last, new),
        birthday=date(1990, 4, 1),
        history=History(days=(DayCount(date(2026, 2, 1), 1000_00, visits=1),)),
        receipts=1,
    )
    moment = Moment(at, VLADIVOSTOK)
    return evaluate(pack, who, receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM), moment)


@pytest.mark.edge("E30")
def test_at_midnight_lots_activate_then_grants_are_due_and_the_tier_is_the_new_one() -> None:
    """A second before: the old lot pays, the tier is that of the last quarter's; no gift.

    At midnight: the new lot pays and not the old one, the quarter's 1 000.00 make the tier whose
    10 % lower the price, and the gift of the birthday is due; it lives to the end of tomorrow.
    """
    before, after = sold(MIDNIGHT - SECOND), sold(MIDNIGHT)

    assert [draw.lot.int - 100 for draw in before.redemption.draws] == [1]
    assert (before.tier, before.totals.discount_minor, before.once) == ("base", 0, ())
    assert [draw.lot.int - 100 for draw in after.redemption.draws] == [2]
    assert (after.tier, after.totals.discount_minor) == ("high", 100_00)
    assert [(gift.rule, gift.expires_on) for gift in after.once] == [("gift", date(2026, 4, 2))]


@pytest.mark.edge("E30")
def test_what_activates_at_midnight_and_ends_that_day_lives_the_whole_day_and_no_longer() -> None:
    """Earned on 31 March: next day, one day. So it is spendable on 1 April alone."""
    (grant,) = sold(MIDNIGHT - SECOND).grants
    earned = replace(
        lot(3, grant.amount), activates_at=grant.activates_at, expires_on=grant.expires_on
    )
    pack = compiled(pack_text(redeem_rule("pay", "percent: 100 %")))

    def spendable(at: datetime) -> int:
        bought = receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM)
        return evaluate(pack, member(earned), bought, Moment(at, VLADIVOSTOK)).redemption.redeemed

    day = timedelta(days=1)
    moments = [MIDNIGHT - SECOND, MIDNIGHT, MIDNIGHT + day - SECOND, MIDNIGHT + day]
    assert [spendable(at) > 0 for at in moments] == [False, True, True, False]


@pytest.mark.edge("E39")
def test_a_new_expiry_is_for_new_lots_and_those_at_hand_keep_theirs() -> None:
    """Twelve months become three: the lot of last year pays on, what is earned now ends in July."""
    old, new = (
        pack_text(
            redeem_rule("pay", "percent: 100 %"),
            earn_rule("e", earning("at once", term)),
        )
        for term in ("12 months", "3 months")
    )
    at = datetime(2026, 4, 1, 9, tzinfo=UTC)
    bought = receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM)
    then, now = Moment(at - timedelta(days=200), MOSCOW), Moment(at, MOSCOW)
    (granted,) = evaluate(compiled(old), member(), receipt(line(1, 1000_00)), then).grants
    kept = lot(1, granted.amount, expires_on=granted.expires_on)

    found = evaluate(compiled(new), member(kept), bought, now)

    assert granted.expires_on == date(2026, 9, 13)
    assert found.redemption.draws[0].amount == granted.amount == 50_00
    assert [one.expires_on for one in found.grants] == [date(2026, 7, 1)]
