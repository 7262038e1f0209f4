"""Facts: each one that a till got a yes for is at the centre once, with its effects once."""

import sqlite3
from collections import Counter

from demo.checks import centre
from demo.checks.centre import Letter, Posted
from demo.checks.verdicts import Verdict
from demo.stage.estate import Shop
from demo.stage.files import opened
from demo.story.notebook import Document, Kind, Notebook
from demo.story.play import points

OUTCOMES = {"accepted", "adjusted", "waiting", "quarantined", "damaged"}
FACT_KINDS = {
    Kind.REGISTRATION: "member.registered",
    Kind.SALE: "receipt.committed",
    Kind.RETURN: "receipt.returned",
}


def exactly_once(at_centre: sqlite3.Connection, shops: list[Shop], notebook: Notebook) -> Verdict:
    """Compare tills' answers, agents' journals and the centre's inbox and ledger."""
    verdict = Verdict(
        "exactly_once",
        "Every fact acknowledged to a till is at the centre exactly once, as posted, waiting, "
        "quarantined or damaged; the counts add up to the journals' lengths.",
    )
    for shop in shops:
        agent = shop.till.status()["agent"]
        told = centre.letters(at_centre, agent)
        with opened(shop.data / "journal.db") as connection:
            journal = centre.journal(connection)
        _compare_places(verdict, shop, told, journal)
        _compare_answers(verdict, shop, told, notebook)
        _compare_kinds(verdict, shop, centre.kinds(at_centre, agent), notebook)
        verdict.evidence[shop.code] = {
            "journal": len(journal),
            "at_centre": len(told),
            "outcomes": dict(Counter(letter.outcome for letter in told)),
            "answers_to_tills": len(notebook.of(shop=shop.code)),
        }
    for document in notebook.documents:
        _compare_effects(verdict, document, centre.posted(at_centre, document.uid))
    counts = verdict.evidence.values()
    verdict.seen = (
        f"{sum(one['journal'] for one in counts)} facts in the journals,"
        f" {sum(one['at_centre'] for one in counts)} at the centre;"
        f" effects of {len(notebook.documents)} documents compared"
    )
    return verdict


def _compare_places(
    verdict: Verdict, shop: Shop, told: list[Letter], journal: dict[str, int]
) -> None:
    """Each place of the journal is at the centre once, under the same id, and nothing else is."""
    places = [(letter.seq, letter.fact) for letter in told if not letter.is_branch]
    expected = sorted((seq, fact) for fact, seq in journal.items())
    missing = [seq for seq, fact in expected if (seq, fact) not in set(places)]
    verdict.expect(not missing, f"{shop.code}: facts {missing} are not at the centre")
    verdict.equal(f"{shop.code}: facts at the centre", len(places), len(journal))
    twice = [fact for fact, times in Counter(fact for _, fact in places).items() if times > 1]
    verdict.expect(not twice, f"{shop.code}: facts are there twice: {twice}")
    strange = {letter.outcome for letter in told} - OUTCOMES
    verdict.expect(not strange, f"{shop.code}: outcomes without a meaning: {strange}")
    branches = [letter.seq for letter in told if letter.is_branch]
    verdict.expect(not branches, f"{shop.code}: places {branches} are told in two ways")


def _compare_answers(verdict: Verdict, shop: Shop, told: list[Letter], notebook: Notebook) -> None:
    by_fact = Counter(letter.fact for letter in told)
    seqs = {letter.fact: letter.seq for letter in told}
    for document in notebook.of(shop=shop.code):
        if not document.fact:
            continue
        what = f"{shop.code}: {document.kind} {document.uid}"
        verdict.equal(f"{what} at the centre, times", by_fact[document.fact], 1)
        if document.seq:
            verdict.equal(f"{what}, number", seqs.get(document.fact), document.seq)


def _compare_kinds(verdict: Verdict, shop: Shop, kinds: dict[str, int], notebook: Notebook) -> None:
    for kind, fact_kind in FACT_KINDS.items():
        answered = len(notebook.of(shop=shop.code, kind=kind))
        verdict.equal(f"{shop.code}: facts {fact_kind}", kinds.get(fact_kind, 0), answered)


def _compare_effects(verdict: Verdict, document: Document, posted: Posted) -> None:
    """What a document posted is what its till was told, once; what was not covered is debt."""
    if document.kind is Kind.REGISTRATION or not document.person:
        return
    what = f"{document.shop}: {document.kind} {document.uid}"
    moved = document.moved
    if document.kind is Kind.SALE:
        spent = posted.of("DEBT") - posted.of("REDEEM")
        _equal(verdict, f"{what}, points spent", spent, moved.redeemed)
        _equal(verdict, f"{what}, points granted", posted.of("GRANT"), moved.earned)
    else:
        taken = posted.of("DEBT", "DEBT_SETTLE") - posted.of("CLAWBACK")
        _equal(verdict, f"{what}, points given back", posted.of("RESTORE"), moved.restored)
        _equal(verdict, f"{what}, points taken", taken, moved.taken)
    verdict.equal(f"{what}, in the turnover, times", posted.turnovers, 1)


def _equal(verdict: Verdict, what: str, found: int, expected: int) -> None:
    verdict.equal(what, points(found), points(expected))
