"""A locked database, a full disk, no centre, no printer: one sentence each, and no fact is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, event

from agent import epochs
from agent.link import RefusedByCentreError
from agent.pairing import add_token
from agent.printing.service import Step, print_next
from agent.station import FENCED
from shared.runtime.sqlite import transaction
from shared.wire.agents import LeaseAnswer, LeaseAsk
from shared.wire.rows import Holding
from tests.agent.kit import drawn, kinds
from tests.agent.till.kit import Json, Till, anna_of, cash, journal_length, refusal
from tests.builders import Person, PersonLot, Shop, cashier_row
from tests.fakes import FakePrinter

IMPATIENT_MS = 20
SALES_MAX = 30


@pytest.fixture
def impatient(shop: Shop) -> Till:
    """A till of an agent that waits for a locked file for a moment only."""
    shop.restart()
    shop.station.doubt.open = False
    for engine in (shop.station.journal, shop.station.replica):
        event.listen(
            engine,
            "connect",
            lambda connection, _: connection.execute(f"PRAGMA busy_timeout = {IMPATIENT_MS}"),
        )
        engine.dispose()
    return Till(shop)


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Hold the file's write lock, as a backup or a virus scanner would."""
    with transaction(engine):
        yield


@contextmanager
def full(engine: Engine) -> Iterator[None]:
    """Let the file grow no more, as on a full disk."""
    limits: list[object] = []

    def limit(connection: object, _record: object, _proxy: object = None) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]
        limits.append(connection)

    event.listen(engine, "checkout", limit)
    yield
    event.remove(engine, "checkout", limit)
    for connection in limits:
        connection.execute("PRAGMA max_page_count = 1000000")  # type: ignore[attr-defined]


FACTS_OF_MUTATIONS = [
    "lot.activated",
    "member.registered",
    *["receipt.committed"] * 3,
    "receipt.returned",
]


def mutations(till: Till) -> list[tuple[str, Json]]:
    """Every operation that writes, each of them ready to succeed."""
    till.shop.feed("store:101", cashier_row("7", "Мария"))
    sold, reserved, unwanted, fresh, bare = (till.receipt() for _ in range(5))
    till.sell(sold)
    till.answer(till.reserve(reserved))
    till.answer(till.reserve(unwanted))
    fresh_digest, bare_digest = (till.quote(one)["digest"] for one in (fresh, bare))
    lot = PersonLot(1_000, activates_at=till.shop.clock.now().replace(year=2027), number=9)
    anna = Person(lot, number=9)
    till.shop.member(anna)
    place = "/v1/receipts"
    return [
        (
            "/v1/members",
            {"uid": till.uid(), "name": "Анна", "phone": "+79161234567", "consent": "1"},
        ),
        (
            f"{place}/{fresh['uid']}/reserve",
            {"uid": till.uid(), "receipt": fresh, "digest": fresh_digest},
        ),
        (f"{place}/{reserved['uid']}/commit", {"uid": till.uid(), "tenders": cash(100_000)}),
        (
            f"{place}/{bare['uid']}/commit",
            {
                "uid": till.uid(),
                "tenders": cash(100_000),
                "receipt": bare,
                "digest": bare_digest,
            },
        ),
        (
            f"{place}/{sold['uid']}/returns",
            {"uid": till.uid(), "lines": [{"no": 1, "quantity": 1000}]},
        ),
        (f"{place}/{sold['uid']}/reprint", {"uid": till.uid()}),
        (f"{place}/{unwanted['uid']}/cancel", {"uid": till.uid()}),
        (
            f"/v1/lots/{lot.row.id}/activate",
            {"uid": till.uid(), "member": str(anna.id), "reason": "просьба"},
        ),
        ("/v1/sign-in", {"uid": till.uid(), "cashier": "7", "pin": "246810"}),
    ]


def test_a_locked_journal_says_so_and_the_repeated_operation_succeeds(impatient: Till) -> None:
    operations = mutations(impatient)
    length = journal_length(impatient.shop)

    with locked(impatient.shop.station.journal):
        told = [impatient.post(path, body) for path, body in operations]

    assert [refusal(response, 503) for response in told] == ["storage_busy"] * len(operations)
    assert all(response.headers["retry-after"] == "1" for response in told)
    assert journal_length(impatient.shop) == length
    for path, body in operations:
        assert impatient.post(path, body).is_success, path
    assert sorted(kinds(impatient.shop)) == FACTS_OF_MUTATIONS


def test_a_locked_journal_still_prices_and_finds(impatient: Till) -> None:
    anna = anna_of(impatient.shop)
    receipt = impatient.receipt(member=anna)

    with locked(impatient.shop.station.journal):
        assert impatient.post("/v1/quotes", receipt).is_success
        assert impatient.post("/v1/members/find", {"identifier": anna.card}).is_success
        assert impatient.post("/v1/scans", {"code": anna.card}).is_success
        assert impatient.get("/v1/status").is_success


def test_a_locked_replica_does_not_stop_a_sale(impatient: Till) -> None:
    with locked(impatient.shop.station.replica):
        impatient.sell(impatient.receipt())

    assert kinds(impatient.shop) == ["receipt.committed"]


def test_a_full_disk_says_so_and_loses_nothing(till: Till) -> None:
    operations = mutations(till)
    fill_free_pages(till.shop)

    with full(till.shop.station.journal):
        told = [till.post(path, body) for path, body in operations]

    failed = [response for response in told if not response.is_success]
    assert failed
    assert {refusal(response, 507) for response in failed} == {"storage_full"}
    assert "места" in failed[0].json()["detail"]
    for path, body in operations:
        assert till.post(path, body).is_success, path
    assert sorted(kinds(till.shop)) == FACTS_OF_MUTATIONS


def fill_free_pages(shop: Shop) -> None:
    """Use up the pages that the file has, so that nothing more fits."""
    with transaction(shop.station.journal) as connection:
        connection.exec_driver_sql("CREATE TABLE ballast (page BLOB)")
        connection.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(40000))")


def test_a_reserved_and_paid_sale_survives_a_full_disk(till: Till) -> None:
    """Sales are paid until one does not fit any more."""
    paid = [_reserved(till) for _ in range(SALES_MAX)]
    heard: list[httpx.Response] = []
    with full(till.shop.station.journal):
        while not heard or heard[-1].is_success:
            heard.append(till.post(*paid[len(heard)]))

    told = till.post(*paid[len(heard) - 1])

    assert refusal(heard[-1], 507) == "storage_full"
    assert till.answer(told)["state"] == "committed"
    assert kinds(till.shop).count("receipt.committed") == len(heard)


def _reserved(till: Till) -> tuple[str, Json]:
    """Reserve a receipt; return where it is paid, and with what."""
    receipt = till.receipt()
    held = till.answer(till.reserve(receipt))
    body = {"uid": till.uid(), "tenders": cash(held["totals"]["payable_minor"])}
    return f"/v1/receipts/{receipt['uid']}/commit", body


def test_without_the_centre_everything_goes_on_and_says_so(till: Till) -> None:
    till.shop.link.up = False
    operations = mutations(till)

    told = [till.answer(till.post(path, body)) for path, body in operations]

    for answer in told:
        assert "offline" in [warning["code"] for warning in answer["warnings"]]
    assert till.answer(till.get("/v1/status"))["online"] is False


def test_points_that_are_elsewhere_are_refused_with_where_they_are(till: Till) -> None:
    anna = Person(PersonLot(50_000, leased=20_000, elsewhere=[Holding("102", 30_000)]))
    till.shop.member(anna)
    receipt = till.receipt(member=anna, redeem={"mode": "exact", "points": 50_000})

    till.shop.link.up = False
    quoted = till.quote(receipt)
    refused = till.reserve(receipt)

    assert quoted["redemption"]["redeemable"] == 20_000
    assert "over_lease" in [warning["code"] for warning in quoted["warnings"]]
    assert refusal(refused, 409) == "over_lease"
    sentence = refused.json()["detail"].replace("\u00a0", " ")
    assert "200,00 из 500,00" in sentence
    assert "300,00 в магазине 102" in sentence
    assert kinds(till.shop) == []


def test_a_centre_that_refuses_an_ask_leaves_what_the_store_has(till: Till) -> None:
    def refuse(_ask: LeaseAsk) -> LeaseAnswer:
        raise RefusedByCentreError(status=403, refusal="fenced", reason="Fenced.")

    anna = anna_of(till.shop, leased=20_000)
    till.shop.link.answer_ask = refuse
    receipt = till.receipt(member=anna, redeem={"mode": "exact", "points": 50_000})

    refused = till.reserve(receipt)
    less = {**receipt, "redeem": {"mode": "exact", "points": 20_000}}
    held = till.answer(till.reserve(less))
    till.answer(till.commit(less, held["totals"]["payable_minor"]))

    assert refusal(refused, 409) == "over_lease"
    assert drawn(till.shop, anna.lots) == 20_000


def test_a_dead_printer_does_not_stop_a_sale_and_the_slip_waits(till: Till) -> None:
    receipt = till.receipt()
    till.sell(receipt)

    step, _ = print_next(till.shop.station, FakePrinter(till.shop.clock).printer())

    told = till.answer(till.get(f"/v1/receipts/{receipt['uid']}"))
    assert step is Step.BLOCKED
    assert (told["state"], told["print_state"]) == ("committed", "queued")
    assert till.answer(till.get("/v1/status"))["spool"] == {"queued": 1}


def test_an_agent_without_its_rows_says_what_is_missing(tmp_path: Path) -> None:
    empty = Shop(tmp_path)
    till = Till(empty)
    receipt = till.receipt()

    assert refusal(till.post("/v1/quotes", receipt), 503) == "no_settings"
    assert till.answer(till.get("/v1/status"))["streams"] == {"global": 0, "store:101": 0}
    assert till.answer(till.post("/v1/scans", {"code": "1"}))["kind"] == "unknown"
    empty.close()


def test_an_agent_without_rules_says_so(till: Till) -> None:
    till.shop.drop_packs()
    bare = Till(till.shop)

    assert refusal(bare.post("/v1/quotes", bare.receipt()), 503) == "no_pack"
    warnings = bare.answer(bare.get("/v1/status"))["warnings"]
    assert [warning["code"] for warning in warnings] == ["no_pack"]


def test_a_token_can_be_made_while_the_agent_works(till: Till) -> None:
    with transaction(till.shop.station.journal) as connection:
        add_token(connection, "t", "till 2", till.shop.clock.now())

    assert till.get("/v1/status").is_success


def test_a_machine_that_another_one_has_replaced_says_so(till: Till, shop: Shop) -> None:
    before = till.get("/v1/status").json()["warnings"]
    epochs.bar(shop.station, FENCED, shop.clock.now())

    after = till.get("/v1/status").json()["warnings"]

    assert [one["code"] for one in after if one not in before] == [FENCED]
