"""How the demo reads slips, keeps its notebook, and adds up: its checks must be able to see."""

import base64
import sqlite3
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from demo.checks.points import ledger_sums
from demo.checks.sums import exact_sums
from demo.stage.control import Paper
from demo.stage.files import opened
from demo.stage.paper import BALANCE, EARNED, REDEEMED, amounts, is_copy, mark_of
from demo.stage.supplies import barcode, goods_csv
from demo.story.notebook import Document, Kind, Moved, Notebook
from shared.ids import check_digit

SLIP = """\
            Винный погреб на Арбате
────────────────────────────────────────────────
Чек 000001                      23.11.2026 04:05
Хамон, нарезка 80 г
  2 x 490,00                              980,00
  бонусами                               -300,00
К ОПЛАТЕ                                1\u00a0931,30
Начислено бонусов                          57,00
Списано бонусов                           300,00
Баланс бонусов                          1 700,00
"""
RECEIPT = UUID("01a205f3-1b26-7b22-8bcd-e8bb029e9872")
QR = "KPK1:" + base64.b32encode(RECEIPT.bytes + bytes(10)).decode().rstrip("=")
PRICED: dict[str, Any] = {
    "receipt": str(RECEIPT),
    "lines": [
        {
            "no": 1,
            "base_minor": 98000,
            "discount_minor": 0,
            "redeemed_points": 30000,
            "redeemed_minor": 30000,
            "payable_minor": 68000,
            "earned_points": 2000,
        }
    ],
    "totals": {
        "base_minor": 98000,
        "discount_minor": 0,
        "redeemed_points": 30000,
        "redeemed_minor": 30000,
        "payable_minor": 68000,
        "earned_points": 2000,
    },
    "effects": [
        {"kind": "redeem", "rule": "pay", "amount": 30000, "allocations": [[1, 30000]]},
        {"kind": "earn", "rule": "bonus", "amount": 2000, "allocations": [[1, 2000]]},
    ],
}


def _paper(tmp_path: Path, text: str, *codes: str) -> Paper:
    file = tmp_path / "slip.txt"
    file.write_text(text)
    return Paper(1, "cut", codes, file, tmp_path / "slip.png")


def test_amounts_stand_by_their_names(tmp_path: Path) -> None:
    said = amounts(_paper(tmp_path, SLIP))

    assert said[EARNED] == 57_00
    assert said[REDEEMED] == 300_00
    assert said[BALANCE] == 1700_00
    assert said["К ОПЛАТЕ"] == 1931_30
    assert said["бонусами"] == -300_00


def test_a_slip_is_known_by_its_code_its_card_or_its_sale(tmp_path: Path) -> None:
    assert mark_of(_paper(tmp_path, SLIP, "2900010000015")) == "2900010000015"
    assert mark_of(_paper(tmp_path, SLIP, QR)) == str(RECEIPT)
    assert mark_of(_paper(tmp_path, "Возврат\nПо чеку 000007   23.11.2026\n")) == "000007"
    assert mark_of(_paper(tmp_path, SLIP)) == ""


def test_a_copy_says_so(tmp_path: Path) -> None:
    assert is_copy(_paper(tmp_path, "КОПИЯ 1\n" + SLIP))
    assert not is_copy(_paper(tmp_path, SLIP))


def test_the_notebook_adds_up_what_tills_were_told() -> None:
    notebook = Notebook(imported={"ivan": 1000_00})
    sale = Document(Kind.SALE, "A", "1", "1", "ivan", moved=Moved(redeemed=300_00, earned=57_00))
    back = Document(Kind.RETURN, "A", "2", "2", "ivan", moved=Moved(restored=150_00, taken=10_00))
    other = Document(Kind.SALE, "B", "3", "3", "anna", moved=Moved(earned=34_00))
    for document in (sale, back, other):
        notebook.add(document)

    assert (notebook.balance("ivan"), notebook.pending("ivan")) == (850_00, 47_00)
    assert (notebook.balance("anna"), notebook.pending("anna")) == (0, 34_00)
    assert notebook.of(shop="A", kind=Kind.RETURN) == [back]


def test_sums_that_are_right_hold() -> None:
    verdict = exact_sums(Notebook(evaluations=[PRICED], receipts=[(PRICED, 68000)]))

    assert verdict.holds, verdict.faults


@pytest.mark.parametrize("place", ["allocation", "line", "total", "effect"])
def test_a_kopeck_too_much_is_found(place: str) -> None:
    wrong = deepcopy(PRICED)
    match place:
        case "allocation":
            wrong["effects"][0]["allocations"] = [[1, 30001]]
        case "line":
            wrong["lines"][0]["payable_minor"] += 1
        case "total":
            wrong["totals"]["base_minor"] += 1
        case _:
            wrong["effects"].append(wrong["effects"][1])

    assert not exact_sums(Notebook(evaluations=[wrong])).holds


def test_money_that_does_not_pay_the_receipt_is_found() -> None:
    assert not exact_sums(Notebook(receipts=[(PRICED, 67999)])).holds


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with one account of one lot: 1000 granted, 300 spent, 420 leased."""
    file = tmp_path / "central.db"
    account, lot = UUID(int=1).hex, UUID(int=2).hex
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(
            """
            CREATE TABLE account (account, member, debt);
            CREATE TABLE lot (lot, account, document, granted, balance, free, held);
            CREATE TABLE entry (account, lot, kind, amount, document);
            CREATE TABLE lease (account, lot, granted, gone, closed);
            """
        )
        connection.execute("INSERT INTO account VALUES (?, ?, 0)", (account, account))
        row = (lot, account, lot, 1000, 700, 280, 0)
        connection.execute("INSERT INTO lot VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO lease VALUES (?, ?, 720, 300, 0)", (account, lot))
        for kind, amount in (("GRANT", 1000), ("REDEEM", -300), ("DEBT", 50)):
            entry = (account, lot, kind, amount, lot)
            connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", entry)
    return file


def test_a_sound_ledger_holds(ledger: Path) -> None:
    with opened(ledger) as connection:
        assert ledger_sums(connection, "").holds
        assert not ledger_sums(connection, "entries: account 1").holds


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE lot SET balance = 701",
        "UPDATE entry SET amount = -301 WHERE kind = 'REDEEM'",
        "UPDATE lease SET gone = 299",
        "UPDATE lot SET free = -140, held = 420",
    ],
)
def test_a_ledger_that_does_not_add_up_is_found(ledger: Path, damage: str) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute(damage)

    with opened(ledger) as connection:
        assert not ledger_sums(connection, "").holds


def test_files_of_others_are_opened_for_reading_only(ledger: Path) -> None:
    with opened(ledger) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM lot")


def test_barcodes_of_the_goods_are_valid() -> None:
    for row in goods_csv().splitlines()[1:]:
        sku, code = row.split(",")[1], row.split(",")[-1]
        assert code == barcode(sku)
        assert len(code) == 13
        assert check_digit(int(digit) for digit in code[:12]) == int(code[12])
