"""Points: none spent twice, every sum in the ledger the same, every store shows the same."""

import sqlite3
from typing import Any

from demo.checks import centre
from demo.checks.centre import Account, Lot
from demo.checks.slips import Printed
from demo.checks.verdicts import Verdict
from demo.stage import paper
from demo.stage.estate import Shop
from demo.story.notebook import Kind, Notebook
from demo.story.play import points

Json = dict[str, Any]
Found = dict[tuple[str, str], list[Json]]
"""What stores show of persons: by person and store."""


def no_overspend(
    at_centre: sqlite3.Connection, found: Found, printed: Printed, notebook: Notebook
) -> Verdict:
    """Compare what slips have spent and what is left with what was granted."""
    verdict = Verdict(
        "no_overspend",
        "Per lot, from what was printed: printed spends (sent or not) + Σ true remaining leases "
        "+ free rest ≤ granted to the member.",
    )
    lots, accounts = centre.lots(at_centre), centre.accounts(at_centre)
    for person in sorted({document.person for document in notebook.documents} - {""}):
        own = _lots_of(person, lots, accounts, found)
        sales = {document.uid for document in notebook.of(person=person, kind=Kind.SALE)}
        brought = [lot for lot in own if lot.document not in sales]
        spent = _spent(person, printed, notebook)
        left = sum(lot.leased + lot.free + lot.held for lot in brought)
        granted = notebook.imported.get(person, 0)
        verdict.expect(
            spent + left <= granted,
            f"{person}: {points(spent)} printed as spent + {points(left)} left"
            f" are more than {points(granted)} granted",
        )
        for lot in own:
            left_of_lot = lot.leased + lot.free + lot.held
            verdict.expect(left_of_lot <= lot.granted, f"lot {lot.id} has grown: {left_of_lot}")
        verdict.evidence[person] = {"granted": granted, "printed_spends": spent, "left": left}
        if granted:
            verdict.seen = (
                f"{person}: {points(spent)} printed as spent + {points(left)} left"
                f" of {points(granted)} granted"
            )
    return verdict


def ledger_sums(at_centre: sqlite3.Connection, audit: str) -> Verdict:
    """Add up the centre's rows; `audit` is what the centre itself has against them."""
    verdict = Verdict("ledger_sums", "Per account: Σ entries = Σ lots = balance ≥ 0.")
    verdict.expect(not audit, audit)
    for account in centre.accounts(at_centre):
        verdict.equal(f"account {account.id}: Σ lots", account.lots, account.entries)
        verdict.expect(account.lots >= 0, f"account {account.id} is below zero: {account.lots}")
    for lot in centre.lots(at_centre):
        parts = lot.free + lot.held + lot.leased
        verdict.equal(f"lot {lot.id}: free + held + leased", parts, lot.balance)
        verdict.expect(min(lot.balance, lot.free, lot.held) >= 0, f"lot {lot.id} is below zero")
    totals = centre.accounts(at_centre)
    verdict.evidence = {
        "accounts": len(totals),
        "entries": sum(account.entries for account in totals),
        "lots": sum(account.lots for account in totals),
        "debt": sum(account.debt for account in totals),
    }
    agrees = "does not agree" if audit else "agrees"
    verdict.seen = (
        f"{len(totals)} accounts, {points(verdict.evidence['lots'])} points in their lots;"
        f" `kopilka central check` {agrees}"
    )
    return verdict


def balances_equal(at_centre: sqlite3.Connection, found: Found, notebook: Notebook) -> Verdict:
    """Compare what both stores show with the notebook and with the centre."""
    verdict = Verdict(
        "balances_equal",
        "Both stores show one member with the same balance, which is what the tills' answers "
        "add up to, and what the centre has.",
    )
    lots, accounts = centre.lots(at_centre), centre.accounts(at_centre)
    for (person, code), members in sorted(found.items()):
        verdict.equal(f"{code}: members found for {person}", len(members), 1)
        shown = {
            name: sum(member[f"{name}_points"] for member in members)
            for name in ("balance", "pending", "debt")
        }
        told = {
            "balance": notebook.balance(person),
            "pending": notebook.pending(person),
            "debt": 0,
        }
        for name, amount in told.items():
            what = f"{code}: {name} shown for {person}"
            verdict.equal(what, points(shown[name]), points(amount))
        at_centre_in_all = sum(lot.balance for lot in _lots_of(person, lots, accounts, found))
        expected = told["balance"] + told["pending"]
        verdict.equal(f"centre: all of {person}", points(at_centre_in_all), points(expected))
        verdict.evidence[f"{person} in {code}"] = {**shown, "centre": at_centre_in_all}
    for person, ids in _ids(found).items():
        verdict.equal(f"{person}: different members", len(ids), 1)
    sums = {one: (notebook.balance(one), notebook.pending(one)) for one in _ids(found)}
    verdict.seen = ", ".join(
        f"{person}: {points(balance)} and {points(pending)} coming"
        for person, (balance, pending) in sums.items()
    )
    return verdict


def found_in(shops: list[Shop], identifiers: dict[str, str]) -> Found:
    """Ask every store for every person."""
    return {
        (person, shop.code): shop.till.find(identifier)
        for shop in shops
        for person, identifier in identifiers.items()
    }


def _spent(person: str, printed: Printed, notebook: Notebook) -> int:
    """Add up what slips say; for a slip that never came out, what the till was told."""
    spent = 0
    for document in notebook.of(person=person):
        said = [paper.amounts(slip) for slip in printed.originals(document)]
        moved = document.moved
        redeemed = said[0].get(paper.REDEEMED, 0) if said else moved.redeemed
        spent += redeemed - (said[0].get(paper.RESTORED, 0) if said else moved.restored)
    return spent


def _lots_of(person: str, lots: list[Lot], accounts: list[Account], found: Found) -> list[Lot]:
    members = _ids(found).get(person, set())
    own = {account.id for account in accounts if account.member in members}
    return [lot for lot in lots if lot.account in own]


def _ids(found: Found) -> dict[str, set[str]]:
    """Return the members that stores take a person for."""
    ids: dict[str, set[str]] = {}
    for (person, _), members in found.items():
        ids.setdefault(person, set()).update(member["ref"]["id"] for member in members)
    return ids
