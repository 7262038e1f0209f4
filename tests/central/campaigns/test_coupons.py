"""Coupons at the centre: born in a sale's envelope, kept while offline, revoked with the sale."""

from datetime import date

import pytest
from msgspec.structs import replace

from central.campaigns import store
from central.centre import Centre
from central.conflicts.service import look
from central.conflicts.store import Wanted
from central.conflicts.values import ConflictKind, Role
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.crypto.blind import INDEX_BYTES
from shared.receipt import CodeState
from shared.rules.result import Draw
from shared.runtime.sqlite import reading
from shared.wire.facts import Envelope, Issued, decode_envelope
from shared.wire.feed import GLOBAL
from shared.wire.rows import CodeBatchRow, CodeRow
from tests.central.chain_kit import balance, books, kinds, rows
from tests.central.journal_builder import Journal, Sold

LAST_DAY = date(2026, 3, 15)


def coupon(journal: Journal, number: int = 1, campaign: str = "return_soon") -> Issued:
    index = bytes([number]) * INDEX_BYTES
    account = bearer_account(Bearer.CODE, index)
    return Issued(
        bearer=Bearer.CODE,
        index=index,
        tail="AC34",
        lot=bearer_lot(account),
        account=account,
        amount=1,
        activates_at=journal.clock.now(),
        expires_on=LAST_DAY,
        rule="coupon_rule",
        campaign=campaign,
        first_day=journal.day,
    )


def coupon_here(journal: Journal) -> Issued:
    """A coupon that a store has issued, and has the lease of."""
    one = coupon(journal)
    journal.sell(None, issued=[one])
    journal.push()
    journal.ask(one.account, 1)
    return one


def use(one: Issued) -> Draw:
    return Draw(one.lot, one.account, 1)


def keep(journal: Journal, sold: Sold) -> None:
    """Sell it again as it is told while the line is down: what is born is kept."""
    journal.facts.pop()
    envelope = decode_envelope(sold.fact.envelope)
    kept = tuple(replace(birth, kept=birth.amount) for birth in envelope.births)
    journal.append(sold.fact.kind, sold.fact.body, Envelope(births=kept))


def state(centre: Centre, one: Issued) -> CodeState:
    with reading(centre.engine) as connection:
        return store.by_accounts(connection, [one.account])[one.account].state


def conflicts(centre: Centre) -> list[str]:
    with reading(centre.engine) as connection:
        return [one.kind.value for one in look(connection, Wanted()).conflicts]


def test_a_coupon_is_told_to_all_stores_with_its_days(centre: Centre, journal: Journal) -> None:
    one, other = coupon(journal), coupon(journal, 2)
    journal.sell(None, issued=[one])
    journal.sell(None, issued=[other])

    assert kinds(journal.push_new()) == ["accepted", "accepted"]

    found = rows(centre, GLOBAL).values()
    told = [row for row in found if isinstance(row, CodeRow)]
    (batch,) = [row for row in found if isinstance(row, CodeBatchRow)]
    assert (batch.campaign, batch.channel, batch.state) == ("return_soon", "coupon", "ready")
    assert {(row.batch, row.first_day, row.last_day) for row in told} == {
        (batch.no, journal.day, LAST_DAY)
    }
    assert balance(centre, one.account) == balance(centre, other.account) == 1


def test_a_coupon_of_an_offline_store_is_leased_to_it(centre: Centre, journal: Journal) -> None:
    one = coupon(journal)
    keep(journal, journal.sell(None, issued=[one]))
    journal.push()

    (lease,) = books(centre, one.account).leases_of(one.lot)
    assert (lease.agent, lease.left) == (journal.agent, 1)


def test_a_code_that_two_stores_made_by_chance_is_the_first_ones(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    one = coupon(journal)
    journal.sell(None, issued=[one])
    other.sell(None, issued=[one])
    journal.push()

    (second,) = other.push_new()

    assert (second.kind, second.reason) == ("adjusted", "code_taken")
    assert conflicts(centre) == ["code_taken"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 2},
        {"campaign": ""},
        {"campaign": "a\0b"},
        {"rule": "x" * 2_000},
        {"bearer": "@budget"},
        {"bearer": Bearer.CERTIFICATE},
        {"index": b""},
    ],
)
def test_what_is_no_coupon_is_set_aside(
    centre: Centre, journal: Journal, wrong: dict[str, object]
) -> None:
    journal.sell(None, issued=[replace(coupon(journal), **wrong)])

    (outcome,) = journal.push_new()

    assert outcome.kind == "quarantined"
    assert [row for row in rows(centre, GLOBAL).values() if isinstance(row, CodeRow)] == []


def test_a_return_of_the_purchase_revokes_an_unused_coupon(
    centre: Centre, journal: Journal
) -> None:
    one = coupon(journal)
    sold = journal.sell(None, issued=[one])
    journal.take_back(sold, revoked=[use(one)])

    assert kinds(journal.push_new()) == ["accepted", "accepted"]

    assert state(centre, one) is CodeState.REVOKED
    assert balance(centre, one.account) == 0
    (row,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, CodeRow)]
    assert row.revoked == "revoked"


def test_a_used_coupon_is_a_debt_of_its_own_that_people_are_told_of(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    one = coupon(journal)
    sold = journal.sell(None, issued=[one])
    journal.push()
    other.ask(one.account, 1)
    other.sell(None, paid=[use(one)])
    other.push()

    journal.take_back(sold, revoked=[use(one)])
    outcome = journal.push_new()[-1]

    assert (outcome.kind, outcome.reason) == ("adjusted", "debt")
    assert conflicts(centre) == ["coupon_used"]
    assert state(centre, one) is CodeState.USED
    assert books(centre, one.account).accounts[one.account].debt == 1


def test_a_coupon_that_is_used_after_its_purchase_came_back_is_told_too(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """The store that printed it holds it, and has not heard of the return elsewhere."""
    one = coupon(journal)
    sold = journal.sell(None, issued=[one])
    keep(journal, sold)
    journal.push()
    other.take_back(sold, revoked=[use(one)])
    other.push()

    journal.sell(None, paid=[use(one)])
    journal.push()
    journal.push()

    with reading(centre.engine) as connection:
        (found,) = look(connection, Wanted()).conflicts
    assert found.kind is ConflictKind.COUPON_USED
    assert found.ids(Role.ACCOUNT) == (one.account,)
    assert str(sold.uid) in found.sentence.en
    assert "…AC34" in found.sentence.en


def test_a_coupon_that_another_store_holds_is_called_back(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    one = coupon(journal)
    sold = journal.sell(None, issued=[one])
    journal.push()
    other.ask(one.account, 1)

    journal.take_back(sold, revoked=[use(one)])
    journal.push()
    other.give_back(one.account, (one.lot, 1))
    other.push()

    account = books(centre, one.account).accounts[one.account]
    assert (account.debt, balance(centre, one.account)) == (0, 0)
    assert state(centre, one) is CodeState.REVOKED
    assert conflicts(centre) == []


def test_a_coupon_that_a_store_uses_without_its_lease_is_told_once_with_its_account(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """As a copied disk may: the first use stays, the receipt stands, nobody owes points."""
    one = coupon_here(journal)
    journal.sell(None, paid=[use(one)])
    journal.push()

    other.sell(None, paid=[use(one)])
    (outcome,) = other.push_new()
    other.push()

    assert (outcome.kind, outcome.reason) == ("adjusted", "debt")
    with reading(centre.engine) as connection:
        (found,) = look(connection, Wanted()).conflicts
    assert found.kind is ConflictKind.CODE_USED_TWICE
    assert found.ids(Role.ACCOUNT) == (one.account,)
    assert "…AC34" in found.sentence.ru
    assert "…AC34" in found.sentence.en
    assert (found.points, found.amount_minor) == (0, 0)


def test_a_void_lets_its_code_be_used_again(centre: Centre, journal: Journal) -> None:
    one = coupon_here(journal)
    journal.clock.go(microseconds=123_456)
    used = journal.sell(None, paid=[use(one)])
    journal.push()
    assert state(centre, one) is CodeState.USED

    journal.void(used)
    journal.push()

    assert state(centre, one) is CodeState.ACTIVE
    assert balance(centre, one.account) == 1


def test_a_void_gives_no_code_back_that_another_sale_has_used(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Used twice, as a copied disk may: the use that stays is the one that is counted."""
    one = coupon_here(journal)
    journal.sell(None, paid=[use(one)])
    journal.push()
    other.clock.go(seconds=60)
    second = other.sell(None, paid=[use(one)])
    other.push()

    other.void(second)
    other.push()

    assert state(centre, one) is CodeState.USED


def test_a_code_whose_first_use_is_voided_is_the_other_sales_that_has_used_it(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    one = coupon_here(journal)
    first = journal.sell(None, paid=[use(one)])
    journal.push()
    other.clock.go(seconds=60)
    second = other.sell(None, paid=[use(one)], turnover=70_00)
    other.push()

    journal.void(first)
    journal.push()

    with reading(centre.engine) as connection:
        found = store.by_accounts(connection, [one.account])[one.account]
    assert (found.state, found.used_in, found.used_at) == (CodeState.USED, "102", second.body.at)
    assert found.sum_minor == 70_00
    other.void(second)
    other.push()
    assert state(centre, one) is CodeState.ACTIVE
    assert balance(centre, one.account) == 1


def test_a_void_lets_no_revoked_code_be_used_again(centre: Centre, journal: Journal) -> None:
    """Its store had not heard that it was revoked."""
    one = coupon(journal)
    sold = journal.sell(None, issued=[one])
    journal.push()
    journal.ask(one.account, 1)
    journal.take_back(sold, revoked=[use(one)])
    journal.push()
    assert state(centre, one) is CodeState.REVOKED
    used = journal.sell(None, paid=[use(one)])
    journal.push()

    journal.void(used)
    journal.push()

    assert state(centre, one) is CodeState.REVOKED
