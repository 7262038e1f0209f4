"""What the audit finds for people: results that differ, and what old data in a store cost."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from central.auditor.examining import Look
from central.auditor.granting import Due, document_of
from central.auditor.store import Verdict
from central.conflicts.service import conflict_of
from central.conflicts.values import Conflict, ConflictKind, Finding, Role, Sentence, parties
from central.ingest.concerned import told_by
from shared.money import format_money
from shared.points import format_points

VERDICTS = {
    Verdict.RESULT: Sentence(
        "по тем же данным ядро получает другой результат", "the kernel finds another result"
    ),
    Verdict.STATED: Sentence(
        "содержание чека не даёт его же контрольной суммы",
        "what the receipt says does not give the hash that it states",
    ),
    Verdict.GRANTS: Sentence(
        "начислено или выдано не то, что получилось по расчёту",
        "it grants or brings something else than its own result says",
    ),
    Verdict.FAILED: Sentence("ядро не смогло его посчитать", "the kernel could not price it"),
}
"""In words what is divergent."""

_RU = ("меньше", "больше")


def found_of(looks: Iterable[Look], at: datetime) -> Iterator[Conflict]:
    """Yield a record for each new divergence, each receipt found stale, and each later grant."""
    for one in looks:
        if one.is_new_divergence:
            yield _diverged(one, at)
        due = due_of(one)
        if due is not None or one.is_newly_stale:
            yield _stale(one, due, at)


def due_of(one: Look) -> Due | None:
    """Return what a receipt is due beyond what it was granted before; None if nothing."""
    had = one.granted_before
    return Due(one.sale, had, one.due - had, one.gap.more) if one.due > had else None


def _diverged(one: Look, at: datetime) -> Conflict:
    why = VERDICTS[one.now.verdict]
    details = {
        "document": one.now.receipt,
        "store": one.now.store,
        "verdict_ru": why.ru,
        "verdict_en": why.en,
    }
    return _record(one, Finding(ConflictKind.DIVERGENCE_FOUND, details), at)


def _stale(one: Look, due: Due | None, at: datetime) -> Conflict:
    """Return the record of a receipt that was found stale; of a later grant, one of its own."""
    grant = None if due is None else document_of(due)
    ours = view_in_words(one.gap.points, one.gap.discount_minor)
    details = {
        "document": one.now.receipt,
        "store": one.now.store,
        "ours_ru": ours.ru,
        "ours_en": ours.en,
        "granted": format_points(0 if due is None else due.points),
    }
    finding = Finding(
        ConflictKind.STALE,
        details,
        parties(Role.DOCUMENT, [grant]),
        points=one.gap.points,
        amount_minor=one.gap.discount_minor,
        key=None if one.is_newly_stale else grant,
    )
    return _record(one, finding, at)


def view_in_words(more_points: int, more_discount_minor: int) -> Sentence:
    """Return what the centre would have given otherwise; less where a number is below zero."""
    ru, en = [], []
    if more_points:
        points = format_points(abs(more_points))
        ru.append(f"бонусов было бы на {points} {_RU[more_points > 0]}")
        en.append(f"there would be {points} points {('fewer', 'more')[more_points > 0]}")
    if more_discount_minor:
        amount = format_money(abs(more_discount_minor))
        ru.append(f"скидка была бы на {amount} {_RU[more_discount_minor > 0]}")
        en.append(f"the discount would be {amount} {('less', 'more')[more_discount_minor > 0]}")
    if not ru:
        return Sentence(
            "бонусов и скидки было бы столько же", "points and discount would be the same"
        )
    return Sentence(", ".join(ru), ", ".join(en))


def _record(one: Look, finding: Finding, at: datetime) -> Conflict:
    about = told_by(one.fact.id, one.now.store, one.sale)
    return conflict_of(finding, one.fact.id, about, at)
