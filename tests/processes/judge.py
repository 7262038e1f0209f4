"""Compares what tills and papers said with journals, replicas and the ledger, while all is quiet.

The oracle of the simulator judges; here its questions are answered from the tills' answers. Which
lots a sale has drawn is no part of an answer: that is read from the fact's own bytes, by their
format alone, and must add up to what the till was told.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from demo.stage.files import opened
from tests.processes.estate import ZONE, Estate, Shop
from tests.processes.notes import Joined, Json, Note, Sold, TakenBack
from tests.simulation.healed import SHOWN_MAX
from tests.simulation.laws import POSTED
from tests.simulation.oracle import Oracle
from tests.simulation.told import Bought, Points, Returned, Store, ViolationError

FENCE_BASE = 36
WITH_SLIP = ("receipt.committed", "receipt.returned", "member.registered")
MAY_HAVE_PAPER = ("printed", "uncertain")


class Judge:
    """Hears the tills' notes, and raises ViolationError where the files contradict them."""

    def __init__(self, estate: Estate, agents: Mapping[str, str]) -> None:
        self.oracle = Oracle(estate.database)
        self.facts: Counter[str] = Counter()
        """At the centre, by outcome."""
        self._estate = estate
        self._gifts: Counter[int] = Counter()
        self._imported: set[str] = set()
        self._joined: Counter[str] = Counter()
        self._buyers: dict[str, str] = {}
        """The account of each sale."""
        for shop in estate.shops:
            self.oracle.stores[shop.code] = Store(
                code=shop.code,
                agent=UUID(agents[shop.code]).hex,
                folder=shop.data,
                zone=ZONE,
                papers=shop.tray.papers,
            )

    def given(self, points: int) -> None:
        """Note points (hundredths) that the operator has imported."""
        self._gifts[points] += 1

    def check(self, notes: Iterable[Note]) -> None:
        """Take in what tills were told since the last time, and check everything."""
        self._estate.look()
        self._hear_gifts()
        for note in notes:
            self._hear(note)
        self.oracle.check_healed()
        self._check_outcomes()
        for shop in self._estate.shops:
            self._check_papers(shop)

    def check_shown(self, shown: Mapping[str, Json]) -> None:
        """Check that all stores show of a member what the ledger has; by store, one identifier."""
        seen = {code: _shown(member) for code, member in shown.items()}
        if len(set(seen.values())) > 1:
            raise ViolationError("shown", f"stores differ: {seen}")
        ref = next(iter(shown.values()))["ref"]
        column, key = ("account", ref["account"]) if ref["account"] else ("member", ref["id"])
        query = f"""
            SELECT coalesce(sum(balance), 0) FROM lot JOIN account USING (account)
            WHERE account.{column} = ?"""  # noqa: S608 (one of two names)
        ((there,),) = _rows(self._estate.database, query, UUID(key).hex)
        if any(balance + pending != there for _, balance, pending in seen.values()):
            raise ViolationError("shown", f"{ref}: the ledger has {there}, stores show {seen}")

    def _hear_gifts(self) -> None:
        query = "SELECT lot, account, granted FROM lot WHERE kind = 'import'"
        found = _rows(self._estate.database, query)
        if Counter(granted for _, _, granted in found) != self._gifts:
            raise ViolationError("gifts", f"{found} of {self._gifts}")
        for lot, account, granted in found:
            if lot not in self._imported:
                self._imported.add(lot)
                self.oracle.imported(Points(lot, account, granted))

    def _hear(self, note: Note) -> None:
        match note:
            case Sold():
                bought = _bought(note, self._body(note.store, note.committed["fact"]))
                self._buyers[bought.receipt] = bought.account
                self.oracle.bought(bought)
            case TakenBack():
                body = self._body(note.store, note.returned["fact"])
                buyer = self._buyers[UUID(note.returned["receipt"]).hex]
                self.oracle.returned(_returned(note, body, buyer))
            case Joined():
                self._joined[note.store] += 1
                member = UUID(note.registered["member"]["id"]).hex
                query = "SELECT count(*) FROM member WHERE id = ?"
                if _rows(self._estate.database, query, member) != [(1,)]:
                    raise ViolationError("members", f"{note.registered} is not at the centre")

    def _body(self, store: str, fact: str) -> Json:
        """Read a fact that a till was told of; what it draws must be what its envelope says."""
        journal = self.oracle.stores[store].journal
        query = "SELECT envelope, body FROM fact WHERE id = ?"
        found = _rows(journal, query, UUID(fact).bytes)
        if not found:
            raise ViolationError("durable", f"store {store} lost fact {fact}")
        envelope, body = (msgspec.msgpack.decode(part) for part in found[0])
        draws = body.get("evaluation", {}).get("redemption", {}).get("draws", [])
        moved = {lot: drawn for lot, _, drawn, *_ in envelope[0] if drawn}
        if moved != {draw["lot"]: draw["amount"] for draw in draws}:
            raise ViolationError(
                "envelope", f"fact {fact} draws {draws}, its envelope says {moved}"
            )
        told: Json = body
        return told

    def _check_outcomes(self) -> None:
        """Check that honest machines leave nothing aside, and that every newcomer is one fact."""
        counted = _rows(self._estate.database, "SELECT outcome, count(*) FROM inbox GROUP BY 1")
        self.facts = Counter(dict(counted))
        if aside := {outcome: self.facts[outcome] for outcome in self.facts.keys() - {*POSTED}}:
            raise ViolationError("outcomes", f"{aside}")
        for code, store in self.oracle.stores.items():
            query = "SELECT count(*) FROM fact WHERE kind = 'member.registered'"
            ((facts,),) = _rows(store.journal, query)
            if facts != self._joined[code]:
                what = f"store {code}: {facts} facts, {self._joined[code]} answers"
                raise ViolationError("members", what)

    def _check_papers(self, shop: Shop) -> None:
        """Check that each paper is a job's, each original one fact's, and that none came twice."""
        journal = self.oracle.stores[shop.code].journal
        jobs: dict[int, tuple[int, str]] = {
            job: (copy_no, state)
            for job, copy_no, state in _rows(
                journal, "SELECT job_no, copy_no, state FROM print_job"
            )
        }
        papers = {int(fence, FENCE_BASE): times for fence, times in shop.tray.papers.items()}
        odd = [job for job in papers if jobs.get(job, (0, ""))[1] not in MAY_HAVE_PAPER]
        missing = [no for no, (_, state) in jobs.items() if state == "printed" and no not in papers]
        if odd or missing:
            raise ViolationError(
                "papers", f"store {shop.code}: {odd[:SHOWN_MAX]} odd, {missing[:SHOWN_MAX]} missing"
            )
        facts = _count(journal, WITH_SLIP)
        originals = sum(copy_no == 0 for copy_no, _ in jobs.values())
        if originals != facts:
            raise ViolationError("papers", f"{shop.code}: {originals} originals of {facts} facts")
        sold = {receipt for (receipt,) in _rows(journal, "SELECT uid FROM receipt")}
        for receipt, times in shop.tray.originals.items():
            if times > 1 or receipt.bytes not in sold:
                raise ViolationError("papers", f"{shop.code}: {times} originals of {receipt}")


def _rows(path: Path, query: str, *values: object) -> list[Any]:
    with opened(path) as connection:
        return connection.execute(query, values).fetchall()


def _count(journal: Path, kinds: tuple[str, ...]) -> int:
    places = ", ".join("?" * len(kinds))
    query = f"SELECT count(*) FROM fact WHERE kind IN ({places})"  # noqa: S608 (only marks)
    ((count,),) = _rows(journal, query, *kinds)
    return int(count)


def _bought(note: Sold, body: Json) -> Bought:
    priced, told = note.priced, note.committed
    account = body["member"]["account"].hex() if body["member"] else ""
    drawn = _points(body["evaluation"]["redemption"]["draws"])
    granted = tuple(
        Points(lot.hex(), owner.hex(), amount)
        for _, lot, owner, _, _, _, amount, *_ in body["granted"]
    )
    _agree(note, "redeemed", sum(one.amount for one in drawn), priced["totals"]["redeemed_points"])
    earned = sorted(one["amount"] for one in priced["earned"]) if account else []
    _agree(note, "earned", sorted(one.amount for one in granted), earned)
    _agree(note, "tenders", [one["amount_minor"] for one in body["tenders"]], [*note.tenders])
    return Bought(
        store=note.store,
        receipt=UUID(told["receipt"]).hex,
        fact=UUID(told["fact"]).hex,
        slip=UUID(told["slip"]).hex,
        account=account,
        lines=tuple(
            (one["base_minor"], one["discount_minor"], one["redeemed_minor"], one["payable_minor"])
            for one in priced["lines"]
        ),
        effects=tuple(
            (one["amount"], tuple(amount for _, amount in one["allocations"]))
            for one in priced["effects"]
        ),
        tenders=note.tenders,
        turnover_minor=body["evaluation"]["totals"]["turnover_minor"],
        by_bearer=(),
        drawn=drawn,
        granted=granted,
    )


def _returned(note: TakenBack, body: Json, buyer: str) -> Returned:
    told = note.returned
    restored, taken = _points(body["restored"]), _points(body["taken"])
    _agree(note, "restored", sum(one.amount for one in restored), told["restored_points"])
    _agree(note, "taken", sum(one.amount for one in taken), told["taken_points"])
    _agree(note, "money", body["money_minor"], told["money_minor"])
    return Returned(
        store=note.store,
        sale=UUID(told["receipt"]).hex,
        fact=UUID(told["fact"]).hex,
        slip=UUID(told["slip"]).hex,
        account=buyer,
        money_minor=told["money_minor"],
        turnover_minor=body["turnover_minor"],
        restored=restored,
        taken=taken,
    )


def _agree(note: Note, what: str, found: object, told: object) -> None:
    if found != told:
        raise ViolationError("answers", f"{what}: the fact has {found}, the till heard {note}")


def _points(draws: list[dict[str, Any]]) -> tuple[Points, ...]:
    return tuple(Points(one["lot"].hex(), one["account"].hex(), one["amount"]) for one in draws)


def _shown(member: Json) -> tuple[str, int, int]:
    return (member["ref"]["id"], member["balance_points"], member["pending_points"])
