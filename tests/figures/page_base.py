"""A large base for the console, row by row under a chain of stores, without ingest.

What pages read is there as if it had been sold, over one month.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import structs
from sqlalchemy import Connection, insert

from central.agents.report_store import ReportTable
from central.agents.store import AgentTable
from central.auditor.hour_store import SaleHourTable
from central.auditor.store import StalenessTable
from central.centre import Centre
from central.conflicts.store import ConflictTable, PartyTable
from central.corrections.store import CorrectionTable
from central.estate.service import How, import_stores
from central.ingest.store import DocumentTable, FactTable, InboxTable, WatermarkTable
from central.ledger.store import AccountTable, EntryTable, LeaseTable, LotTable, TurnoverTable
from central.members.store import IdentifierTable, MemberTable, PersonTable
from central.members.word_store import WordTable
from central.overview import service as overview
from central.packs import drafting
from central.packs.service import publish
from central.schema import Table, table_of
from central.trail.store import TrailTable
from shared.clock import tick
from shared.member import History
from shared.runtime.sqlite import transaction
from shared.wire.codec import encode
from shared.wire.facts import FactKind, ReceiptCommitted, body_of
from shared.wire.reports import AgentReport
from tests.builders import wine_text
from tests.central.app.kit import NOON, SetClock
from tests.central.auditor.kit import Shop, compiled
from tests.central.journal_builder import make_journal

DAYS, REGIONS, BATCH = 30, 8, 2_000
RECEIPTS_A_MEMBER = 10
HEADING = "code,name,address,region,zone,legal_name,tax_number,tills\n"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """Some of what is in a base, to be asked for."""

    member: UUID
    receipt: UUID
    pack: str
    draft: int
    day: str


def build(centre: Centre, clock: SetClock, receipts: int, stores: int) -> Made:
    """Write the base."""
    rows = [
        f"S{no},Магазин {no},Главная {no},r{no % REGIONS},Europe/Moscow,ООО,7701234567,1\n"
        for no in range(stores)
    ]
    import_stores(centre, (HEADING + "".join(rows)).encode(), How.APPLY)
    journal = make_journal(centre, clock, "S0")
    agents = [(journal.agent, "S0")]
    agents += [(_id("agent", no), f"S{no}") for no in range(1, stores)]
    _write(centre, _agents(agents[1:]))
    pack = publish(centre, wine_text())
    text = (
        wine_text()
        .replace("version: 1\n", "version: 2\n")
        .replace("from: 50000.00", "from: 10000.00")
    )
    draft = drafting.write(centre, text, "anna").draft.no
    person, _ = journal.register()
    sold = body_of(Shop(journal, compiled()).sell(person, 2))
    assert isinstance(sold, ReceiptCommitted)
    base = _Base(sold, agents, max(1, receipts // RECEIPTS_A_MEMBER))
    for first in range(0, base.members, BATCH):
        _write(centre, base.people(first, min(first + BATCH, base.members)))
    for first in range(0, receipts, BATCH):
        _write(centre, base.sales(first, min(first + BATCH, receipts), receipts))
    _write(centre, base.rest(receipts, pack.hash))
    with transaction(centre.engine) as connection:
        connection.exec_driver_sql("ANALYZE")
    overview.count(centre, NOON)
    at = NOON - timedelta(days=1)
    return Made(base.member(1), base.receipt(receipts - 1), pack.hash, draft, at.date().isoformat())


@dataclass(frozen=True, slots=True)
class _Base:
    sold: ReceiptCommitted
    agents: Sequence[tuple[UUID, str]]
    members: int
    hours: Counter[tuple[datetime, str]] = field(default_factory=Counter)
    """Receipts by hour and store."""

    def member(self, no: int) -> UUID:
        return _id("member", no)

    def receipt(self, no: int) -> UUID:
        return _id("receipt", no)

    def people(self, first: int, last: int) -> Iterator[tuple[type[Table], Row]]:
        """Yield who buys; one in a hundred is called Иванова."""
        for no in range(first, last):
            member, account = self.member(no), _id("account", no)
            name = f"{'Иванова' if no % 100 == 0 else f'Петрова{no}'} Анна"
            phone = f"+7916{no:07}"
            yield MemberTable, {
                "id": member, "state": "active", "merged_into": None, "display_name": name,
                "registered_on": NOON.date(), "birthday": None, "segments": "",
                "tier_floor": None, "home_store": "S1", "person": no.to_bytes(16, "big"),
                "referrer": None, "tier_until": None, "dates": "", "known_at": NOON, "edits": 0,
            }  # fmt: skip
            yield PersonTable, {"member": member, "name": name, "phone": phone, "card": "",
                                "consent": "v1"}  # fmt: skip
            yield IdentifierTable, {
                "index": no.to_bytes(16, "little"), "owner": member, "member": member,
                "kind": "phone", "tail": phone[-4:], "account": None, "state": "claimed",
                "role": "own",
            }  # fmt: skip
            for word in name.casefold().split():
                row = {"word": word, "name": f" {name.casefold()}", "member": member}
                yield WordTable, row
            yield AccountTable, {
                "account": account, "member": member, "owner": member, "opened_at": NOON,
                "debt": 0, "turnover_minor": no % 40 * 500_000, "receipts": RECEIPTS_A_MEMBER,
                "history": History(), "passes_over": 0, "limited": False,
            }  # fmt: skip

    def sales(self, first: int, last: int, of: int) -> Iterator[tuple[type[Table], Row]]:
        """Yield receipts with all that they have moved, the oldest first."""
        for no in range(first, last):
            at = NOON - timedelta(days=DAYS) * (of - no) / of
            (agent, store), who = self.agents[no % len(self.agents)], no % self.members
            uid, account = self.receipt(no), _id("account", who)
            lot, fact = _id("lot", no), _id("fact", no)
            seen = self.sold.member
            assert seen is not None
            body = structs.replace(
                self.sold,
                receipt=replace(self.sold.receipt, uid=uid, store=store,
                                member=self.member(who)),
                member=replace(seen, id=self.member(who), account=account),
                moment=replace(self.sold.moment, instant=at), at=at, day=at.date(),
            )  # fmt: skip
            seq = no // len(self.agents) + 1
            self.hours[at.replace(minute=0, second=0, microsecond=0), store] += 1
            yield FactTable, {
                "id": fact, "agent": agent, "epoch": 1, "seq": seq, "hlc": tick(0, at),
                "kind": FactKind.RECEIPT_COMMITTED.value, "prev_hash": b"", "hash": fact.bytes,
                "envelope": b"", "body": encode(body), "personal_digest": b"",
                "store": store, "branch": False, "content": b"", "received_at": at,
            }  # fmt: skip
            yield InboxTable, {
                "agent": agent, "epoch": 1, "seq": seq, "hash": fact.bytes, "id": fact,
                "branch": False, "outcome": "accepted", "reason": "", "waits_for": None,
                "posting": fact,
            }  # fmt: skip
            yield DocumentTable, {"uid": uid, "fact": fact, "kind": "receipt.committed",
                                  "sale": None, "store": store}  # fmt: skip
            yield TurnoverTable, {"account": account, "document": uid, "amount_minor": 1_234_00,
                                  "day": at.date(), "at": at, "points": 60_00,
                                  "visits": 1}  # fmt: skip
            left = 60_00 if no % 3 else 10_00
            yield LotTable, {
                "account": account, "lot": lot, "wallet": "bonus", "kind": "purchase",
                "rule": "purchase_bonus", "document": uid, "granted": 60_00, "balance": left,
                "free": left // 10, "held": 0, "activates_at": at,
                "expires_on": at.date() + timedelta(days=30 + no % 700), "frozen": False,
                "burnt": 0,
            }  # fmt: skip
            yield EntryTable, {"account": account, "id": _id("grant", no), "lot": lot,
                               "kind": "GRANT", "amount": 60_00, "document": uid,
                               "at": at}  # fmt: skip
            if no % 3 == 0:
                yield EntryTable, {"account": account, "id": _id("redeem", no),
                                   "lot": lot, "kind": "REDEEM", "amount": -50_00,
                                   "document": uid, "at": at}  # fmt: skip
            yield LeaseTable, {
                "account": account, "lot": lot, "agent": agent, "epoch": 1,
                "granted": left - left // 10, "gone": 0, "wanted_back": 0, "given_back": 0,
                "closed": False,
            }  # fmt: skip

    def rest(self, receipts: int, pack: str) -> Iterator[tuple[type[Table], Row]]:
        """Yield what people look at: reports, sums of the audit, conflicts, corrections, steps."""
        for no, (agent, store) in enumerate(self.agents):
            report = AgentReport(NOON, "0.1.0", queue=no % 7, pack=pack, packs=(pack,))
            yield ReportTable, {"agent": agent, "heard_at": NOON, "body": encode(report)}
            yield WatermarkTable, {"agent": agent, "epoch": 1,
                                   "seq": receipts // len(self.agents), "hash": b""}  # fmt: skip
            for day in range(DAYS):
                sums = dict.fromkeys(
                    ("untimed", "divergent", "stale", "discount_more_minor", "discount_less_minor",
                     "points_more", "points_less", "granted"), 1
                )  # fmt: skip
                yield StalenessTable, {
                    "store": store, "pack": pack,
                    "day": NOON.date() - timedelta(days=day), "receipts": 100, **sums,
                }  # fmt: skip
        for (hour, store), count in self.hours.items():
            yield SaleHourTable, {
                "hour": hour, "store": store, "receipts": count, "paid_minor": count * 1_234_00,
                "redeemed": 0, "earned": count * 60_00,
            }  # fmt: skip
        for no in range(receipts // 50):
            one, store = (
                _id("conflict", no),
                self.agents[no % len(self.agents)][1],
            )
            state = "open" if no % 10 == 0 else "resolved"
            yield ConflictTable, {
                "id": one, "kind": "stale", "at": NOON - timedelta(minutes=no), "fact": one,
                "stores": store, "what": "что-то", "subject": one, "en": "something",
                "points": no, "amount_minor": 0, "state": state, "resolved_by": "",
                "resolved_at": None, "note": "",
            }  # fmt: skip
            for role, name in (("store", store), ("member", str(self.member(no % self.members)))):
                yield PartyTable, {"conflict": one, "role": role, "name": name}
        for no in range(receipts // 100):
            yield CorrectionTable, {
                "uid": _id("correction", no), "member": self.member(no % self.members),
                "points": 100_00, "wallet": "bonus", "expires_on": None, "reason": "жалоба",
                "asked_by": "vera", "asked_at": NOON - timedelta(minutes=no),
                "state": "waiting" if no % 500 == 0 else "done", "decided_by": "",
                "decided_at": None, "note": "",
            }  # fmt: skip
        for no in range(1, receipts // 20 + 1):
            yield TrailTable, {
                "no": no, "id": _id("step", no), "at": NOON, "who": "vera",
                "role": "support", "deed": "member_edited", "subject": str(no), "note": "жалоба",
                "details": "{}", "prev": b"", "hash": b"",
            }  # fmt: skip


def _id(kind: str, no: int) -> UUID:
    """Return an id that rises with the number: rows in the order of their keys are written fast."""
    return UUID(bytes=kind.encode().ljust(8)[:8] + no.to_bytes(8, "big"))


def _agents(agents: Sequence[tuple[UUID, str]]) -> Iterator[tuple[type[Table], Row]]:
    for no, (agent, store) in enumerate(agents):
        yield AgentTable, {
            "id": agent, "store": store, "active_store": store, "epoch": 1,
            "public_key": agent.bytes * 2, "card_block": 10_000 + no, "version": "0.1.0",
            "last_seq": 0, "enrolled_at": NOON, "fenced_at": None, "seen_at": NOON,
            "oldest_unsent_at": None, "wrapping_key": None, "revoked_after": None,
        }  # fmt: skip


def _write(centre: Centre, rows: Iterator[tuple[type[Table], Row]]) -> None:
    with transaction(centre.engine) as connection:
        _insert(connection, rows)


def _insert(connection: Connection, rows: Iterator[tuple[type[Table], Row]]) -> None:
    by_table: dict[type[Table], list[Row]] = {}
    for model, row in rows:
        by_table.setdefault(model, []).append(row)
    for model, several in by_table.items():
        connection.execute(insert(table_of(model)), several)
