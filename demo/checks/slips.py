"""Paper: each slip belongs to one durable fact, and no fact has two original slips."""

from collections import Counter
from dataclasses import dataclass

from demo.checks import centre
from demo.checks.verdicts import Verdict
from demo.stage.control import Paper
from demo.stage.estate import Shop
from demo.stage.files import opened
from demo.stage.paper import is_copy, mark_of
from demo.story.notebook import Document, Kind, Notebook

UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Printed:
    """Everything that has left the printers, by store."""

    papers: dict[str, list[Paper]]

    def originals(self, document: Document) -> list[Paper]:
        """Return the original slips of a document."""
        papers = self.papers[document.shop]
        return [one for one in papers if mark_of(one) == document.mark and not is_copy(one)]


def collect(shops: list[Shop]) -> Printed:
    """Take all slips from the printers."""
    return Printed({shop.code: shop.counter.slips() for shop in shops})


def one_slip_per_fact(shops: list[Shop], printed: Printed, notebook: Notebook) -> Verdict:
    """Compare slips with what tills were told and with the journals."""
    verdict = Verdict(
        "one_slip_per_fact",
        "Every printed slip corresponds to one durable fact; no fact prints two original slips.",
    )
    for shop in shops:
        with opened(shop.data / "journal.db") as connection:
            journal = centre.journal(connection)
        papers = printed.papers[shop.code]
        documents = notebook.of(shop=shop.code)
        marks = Counter(mark_of(one) for one in papers if not is_copy(one))
        strangers = set(marks) - {document.mark for document in documents}
        verdict.expect(not strangers, f"{shop.code}: slips of no document: {strangers}")
        twice = [mark for mark, times in marks.items() if times > 1]
        verdict.expect(not twice, f"{shop.code}: two original slips of {twice}")
        unsure = [document for document in documents if not marks[document.mark]]
        for document in unsure:
            verdict.equal(
                f"{document.uid} has no slip; its print", _state(shop, document), UNCERTAIN
            )
        nowhere = [one.uid for one in documents if one.fact and one.fact not in journal]
        verdict.expect(not nowhere, f"{shop.code}: slips without a durable fact: {nowhere}")
        torn = [one.no for one in papers if one.ending != "cut"]
        verdict.expect(not torn, f"{shop.code}: slips {torn} were not cut")
        verdict.evidence[shop.code] = {
            "slips": len(papers),
            "documents": len(documents),
            "copies": sum(map(is_copy, papers)),
            "uncertain": len(unsure),
        }
    counts = verdict.evidence.values()
    verdict.seen = (
        f"{sum(one['slips'] for one in counts)} slips for"
        f" {sum(one['documents'] for one in counts)} documents"
    )
    return verdict


def _state(shop: Shop, document: Document) -> str:
    if document.kind is not Kind.SALE:
        return "unknown"
    return str(shop.till.receipt(document.uid)["print_state"])
