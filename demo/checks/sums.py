"""Arithmetic of receipts: what rules did adds up, line by line and to the kopeck."""

from collections import defaultdict
from typing import Any

from demo.checks.verdicts import Verdict
from demo.story.notebook import Notebook

Json = dict[str, Any]
CUTS = ("price", "discount")
SUMMED = (
    "base_minor",
    "discount_minor",
    "redeemed_points",
    "redeemed_minor",
    "payable_minor",
    "earned_points",
)


def exact_sums(notebook: Notebook) -> Verdict:
    """Add up every answer that priced a receipt, and what was paid for those that were sold."""
    verdict = Verdict(
        "exact_sums",
        "Σ allocations = effect, to the kopeck; money + bonus + certificate = receipt total.",
    )
    effects = 0
    for told in notebook.evaluations:
        _check_effects(verdict, told)
        _check_lines(verdict, told)
        effects += len(told["effects"])
    for reserved, paid_minor in notebook.receipts:
        totals = reserved["totals"]
        total_minor = totals["base_minor"] - totals["discount_minor"]
        paid = paid_minor + totals["redeemed_minor"]
        verdict.equal(f"receipt {reserved['receipt']}: paid in all", paid, total_minor)
    verdict.evidence = {
        "priced": len(notebook.evaluations),
        "effects": effects,
        "receipts": len(notebook.receipts),
        "money_minor": sum(paid for _, paid in notebook.receipts),
        "bonus_minor": sum(told["totals"]["redeemed_minor"] for told, _ in notebook.receipts),
        "certificate_minor": 0,
    }
    verdict.seen = (
        f"{effects} effects in {len(notebook.evaluations)} priced answers,"
        f" {len(notebook.receipts)} receipts paid"
    )
    return verdict


def _check_effects(verdict: Verdict, told: Json) -> None:
    by_kind: dict[str, int] = defaultdict(int)
    for effect in told["effects"]:
        parts = sum(amount for _, amount in effect["allocations"])
        what = f"receipt {told['receipt']}: allocations of {effect['rule']}"
        verdict.equal(what, parts, effect["amount"])
        by_kind[effect["kind"]] += effect["amount"]
    totals = told["totals"]
    what = f"receipt {told['receipt']}"
    cut = sum(by_kind[kind] for kind in CUTS)
    verdict.equal(f"{what}: effects that lower the price", cut, totals["discount_minor"])
    verdict.equal(f"{what}: points redeemed", by_kind["redeem"], totals["redeemed_points"])
    verdict.equal(f"{what}: points earned", by_kind["earn"], totals["earned_points"])


def _check_lines(verdict: Verdict, told: Json) -> None:
    for line in told["lines"]:
        payable = line["base_minor"] - line["discount_minor"] - line["redeemed_minor"]
        what = f"receipt {told['receipt']}: line {line['no']}"
        verdict.equal(f"{what}, to pay", line["payable_minor"], payable)
        verdict.expect(payable >= 0, f"{what} is below zero")
    for name in SUMMED:
        total = sum(line[name] for line in told["lines"])
        verdict.equal(f"receipt {told['receipt']}: Σ {name}", total, told["totals"][name])
