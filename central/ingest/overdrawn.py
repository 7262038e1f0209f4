"""Sales that used more of a certificate, code or budget than was there, told to people."""

from collections.abc import Collection, Mapping
from uuid import UUID

from central.conflicts.values import ConflictKind, Finding, Role, Sentence, parties
from central.ingest.desk import Desk
from central.ingest.findings import tails
from central.ingest.reading import Reading
from shared.bearer import Bearer, bearer_account
from shared.certificate import index_in, tail_in
from shared.money import format_money
from shared.points import format_points
from shared.rules.budgets import Budget, budgets_of
from shared.rules.limit_terms import DISCOUNT, POINTS
from shared.rules.pack import Pack
from shared.wire.facts import ReceiptCommitted


def overdrawn(
    desk: Desk, reading: Reading, sale: ReceiptCommitted, over: Mapping[UUID, int]
) -> None:
    """Tell of certificates, codes and budgets that gave more than they had, by their accounts."""
    codes = {one: desk.codes.codes[one].tail for one in over if one in desk.codes.codes}
    budgets = {one: over[one] for one in over if _is_of(desk, one, Bearer.BUDGET)}
    paid = {one: over[one] for one in over if one not in codes and one not in budgets}
    if paid:
        _certificates(desk, reading, sale, paid)
    if codes:
        details = {"document": sale.receipt.uid, "tails": tails(codes.values())}
        found = Finding(ConflictKind.CODE_USED_TWICE, details, parties(Role.ACCOUNT, codes))
        desk.report(reading, found)
    if budgets:
        _budgets(desk, reading, sale, budgets)


def _is_of(desk: Desk, account: UUID, bearer: Bearer) -> bool:
    return any(lot.wallet == bearer for lot in desk.books.lots_of(account))


def _certificates(
    desk: Desk, reading: Reading, sale: ReceiptCommitted, over: Mapping[UUID, int]
) -> None:
    amount_minor = sum(over.values())
    details = {
        "document": sale.receipt.uid,
        "tails": "".join(f" …{end}" for end in _ends(sale, over)),
        "amount": format_money(amount_minor),
    }
    accounts = parties(Role.ACCOUNT, over)
    found = Finding(ConflictKind.USED_TWICE, details, accounts, amount_minor=amount_minor)
    desk.report(reading, found)


def _ends(sale: ReceiptCommitted, accounts: Collection[UUID]) -> list[str]:
    """Return how the codes of certificates end that have paid, of these accounts."""
    names = [one.code for one in sale.evaluation.certificates if one.amount]
    of = {name: bearer_account(Bearer.CERTIFICATE, index_in(name)) for name in names}
    return [tail_in(name) for name in names if of[name] in accounts]


def _budgets(
    desk: Desk, reading: Reading, sale: ReceiptCommitted, over: Mapping[UUID, int]
) -> None:
    pack = desk.packs.get(sale.evaluation.pack_hash)
    known = {} if pack is None else {one.account: one for one in budgets_of(pack, sale.day)}
    told = [_more(pack, known.get(account), more) for account, more in over.items()]
    details = {
        "document": sale.receipt.uid,
        "more_ru": "; ".join(one.ru for one in told),
        "more_en": "; ".join(one.en for one in told),
    }
    sums = {
        what: sum(over[one] for one in over if one in known and known[one].what == what)
        for what in (POINTS, DISCOUNT)
    }
    found = Finding(
        ConflictKind.OVER_BUDGET,
        details,
        parties(Role.ACCOUNT, over),
        points=sums[POINTS],
        amount_minor=sums[DISCOUNT],
    )
    desk.report(reading, found)


def _more(pack: Pack | None, budget: Budget | None, more: int) -> Sentence:
    """Return of which promotion how much too much was used; without its pack there is no unit."""
    if pack is None or budget is None:
        return Sentence(f"на {more}", f"by {more}")
    _of, name, _rest = budget.name.split(".", 2)
    titles = {one.id: one.title for one in pack.rules} if _of == "rule" else {}
    title = titles[name] if name in titles else pack.codes[name].title
    if budget.what == POINTS:
        points = format_points(more)
        return Sentence(
            f"«{title.ru}», бонусов сверх него {points}", f"“{title.en}”, {points} points over it"
        )
    if budget.what == DISCOUNT:
        amount = format_money(more)
        return Sentence(
            f"«{title.ru}», скидки сверх него {amount} ₽", f"“{title.en}”, {amount} ₽ over it"
        )
    return Sentence(
        f"«{title.ru}», применений сверх него {more}", f"“{title.en}”, {more} uses over it"
    )
