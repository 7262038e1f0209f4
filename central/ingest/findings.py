"""What ingest finds for people to see: each finding names whom it concerns and what is at stake."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from central.campaigns.posting import COUPON
from central.campaigns.store import StoredCode
from central.conflicts.values import ConflictKind, Finding, Role, Sentence, parties
from central.conflicts.words import fact_in_words, reason
from central.ingest import clocks
from central.ingest.chain import Standing
from central.ingest.concerned import cashiers
from central.ingest.desk import Desk
from central.ingest.reading import Reading
from central.ingest.values import POSTED
from central.members.store import MemberState
from shared.bearer import Bearer
from shared.ids import derived
from shared.money import format_money
from shared.points import format_points
from shared.receipt import Benefits
from shared.wire.facts import Issued, ReceiptCommitted, is_timed
from shared.wire.push import OutcomeKind
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip, TakenBack

LATE = timedelta(days=30)
UNTRUSTED = Sentence(
    "сам агент им не верит, в центре было", "its agent does not trust it, here it was"
)
KIND_SHOWN_MAX = 40
BACK = (ReceiptReturned, ReceiptVoided, ReturnedBySlip)
_OTHER_BYTES = frozenset({"same_id_other_bytes", "document_known", "member_known"})


def not_read(desk: Desk, reading: Reading) -> None:
    """Tell of a fact whose bytes are damaged."""
    details = {"seq": reading.fact.seq, "agent": reading.fact.agent}
    desk.report(reading, Finding(ConflictKind.DAMAGED, details))


def not_posted(desk: Desk, reading: Reading, code: str) -> None:
    """Tell of a fact that was set aside; the same id with other content is never the last word."""
    why, fact = reason(code), reading.fact
    kind = ConflictKind.OTHER_BYTES if code in _OTHER_BYTES else ConflictKind.QUARANTINED
    what = fact_in_words(fact.kind[:KIND_SHOWN_MAX])
    details = {
        "fact": fact.id,
        "store": reading.store,
        "what_ru": what.ru,
        "what_en": what.en,
        "reason_ru": why.ru,
        "reason_en": why.en,
    }
    desk.report(reading, Finding(kind, details))


def posted(desk: Desk, reading: Reading) -> None:
    """Tell what a posted fact leaves to people: points that nobody had, a branch, its clock."""
    _lost(desk, reading)
    _late(desk, reading)
    _clock(desk, reading)


def left_open(desk: Desk) -> None:
    """Tell, when all is planned, of returns before their sales, of buyers not registered, and of
    passes that served again by facts which are set aside."""
    for reading, verdict in desk.planned.values():
        body = reading.body
        _passed_again(desk, reading, 0)
        if verdict.kind is OutcomeKind.WAITING:
            _early(desk, reading)
        elif verdict.kind in POSTED and isinstance(body, ReceiptCommitted) and body.member:
            _unregistered(desk, reading, body, body.member.id)


def _early(desk: Desk, reading: Reading) -> None:
    body = reading.body
    if isinstance(body, BACK) and body.sale not in desk.sales:
        details = {"document": body.uid, "sale": body.sale}
        desk.report(reading, Finding(ConflictKind.EARLY_RETURN, details))


def _unregistered(desk: Desk, reading: Reading, sale: ReceiptCommitted, member: UUID) -> None:
    """Tell once of a member of whom nothing but his card is known, and who lives on his own."""
    known = desk.roll.members.get(member)
    if known is not None and known.state is MemberState.PROVISIONAL:
        details = {"document": sale.receipt.uid, "member": member}
        found = Finding(ConflictKind.UNKNOWN_MEMBER, details, subject=member, key=member)
        desk.report(reading, found)


def tails(ends: Iterable[str]) -> str:
    """Return ends of codes as people read them."""
    return ", ".join(f"…{tail}" for tail in ends)


def not_brought(
    desk: Desk, reading: Reading, sale: ReceiptCommitted, issued: Issued, refusal: str
) -> None:
    """Tell of a certificate or a coupon that was paid for or given, and is not active."""
    amount_minor = issued.amount if issued.bearer == Bearer.CERTIFICATE else 0
    amount = format_money(amount_minor)
    found = Finding(
        ConflictKind(refusal),
        {"document": sale.receipt.uid, "tail": issued.tail, "amount": amount},
        parties(Role.ACCOUNT, [issued.account]),
        amount_minor=amount_minor,
        key=derived("sold", reading.fact.id, issued.lot),
    )
    desk.report(reading, found)


def used_before(
    desk: Desk, reading: Reading, sale: ReceiptCommitted, used: Sequence[Issued]
) -> None:
    """Tell of certificates and coupons whose purchase came back when they were used already."""
    details = {"document": sale.receipt.uid, "tails": tails(one.tail for one in used)}
    accounts = parties(Role.ACCOUNT, (one.account for one in used))
    desk.report(reading, Finding(ConflictKind.COUPON_USED, details, accounts))


def used_after(desk: Desk, reading: Reading, revoked: Iterable[StoredCode]) -> None:
    """Tell of coupons that were used when their purchase had come back: their store held them, and
    had not heard of it. One that a person has revoked is no such case."""
    for code in revoked:
        for lot in desk.books.lots_of(code.account):
            if lot.kind == COUPON and not lot.frozen:
                details = {"document": lot.document, "tails": tails([code.tail])}
                accounts = parties(Role.ACCOUNT, [code.account])
                key = derived("used", reading.fact.id, lot.id)
                desk.report(reading, Finding(ConflictKind.COUPON_USED, details, accounts, key=key))


def returned_twice(
    desk: Desk, reading: Reading, sale: ReceiptCommitted, returned: TakenBack
) -> bool:
    """Tell of goods that came back more often than they were bought, with all who took them."""
    left = {line.no: line.quantity for line in sale.receipt.lines}
    before = desk.returns.get(returned.sale, [])
    for part in (part for one in (*before, returned) for part in one.lines):
        left[part.no] = left.get(part.no, 0) - part.quantity
    over = sorted(no for no, quantity in left.items() if quantity < 0)
    if not over:
        return False
    stores = {one.uid: desk.documents[one.uid].store for one in before if one.uid in desk.documents}
    took = [party for one in before for party in cashiers(stores.get(one.uid, ""), [one.cashier])]
    sold_by = [(stores.get(one.uid, ""), one.cashier) for one in before]
    who = sorted(
        {f"{store}/{no or '—'}" for store, no in (*sold_by, (reading.store, returned.cashier))}
    )
    amount_minor = _paid_again(sale, before, returned)
    details = {
        "document": returned.sale,
        "lines": ", ".join(map(str, over)),
        "amount": format_money(amount_minor),
        "cashiers": ", ".join(who),
    }
    found = Finding(
        ConflictKind.RETURNED_TWICE,
        details,
        (
            *parties(Role.STORE, stores.values()),
            *parties(Role.DOCUMENT, (one.uid for one in before)),
            *took,
        ),
        amount_minor=amount_minor,
    )
    desk.report(reading, found)
    return True


def _paid_again(sale: ReceiptCommitted, before: list[TakenBack], returned: TakenBack) -> int:
    """Return the kopecks that lines have brought back beyond what they had cost, line by line."""
    left = {line.no: line.payable_minor for line in sale.evaluation.lines}
    for part in (part for one in (*before, returned) for part in one.lines):
        left[part.no] = left.get(part.no, 0) - part.money_minor
    return -sum(min(0, amount) for amount in left.values())


def _lost(desk: Desk, reading: Reading) -> None:
    """Tell of points that were spent though they were not there, once, by what was the cause."""
    fact = reading.fact.id
    owed, given_up = desk.owed.pop(fact, 0), desk.after_write_off.pop(fact, 0)
    document = reading.document or fact
    if reading.standing is Standing.BRANCH:
        details = {"fact": fact, "store": reading.store, "points": format_points(owed)}
        desk.report(reading, Finding(ConflictKind.FORKED, details, points=owed))
    elif given_up:
        points, debt = format_points(given_up), format_points(owed)
        details = {"document": document, "store": reading.store, "points": points, "debt": debt}
        desk.report(reading, Finding(ConflictKind.WRITTEN_OFF, details, points=given_up))
    elif fact in desk.passed_again:
        _passed_again(desk, reading, owed)
    elif owed:
        details = {"document": document, "points": format_points(owed)}
        desk.report(reading, Finding(ConflictKind.DEBT, details, points=owed))


def _passed_again(desk: Desk, reading: Reading, owed: int) -> None:
    """Tell once of a fact that draws by a pass which served other receipts, and what became
    debt."""
    others, use = desk.passed_again.pop(reading.fact.id, ()), reading.by_pass
    if not others or use is None:
        return
    stores = sorted({one.store for one in others})
    details = {
        "document": reading.document or reading.fact.id,
        "counter": use.counter,
        "store": reading.store,
        "stores": ", ".join(stores),
        "points": format_points(use.points),
        "debt": format_points(owed),
    }
    about = (
        *parties(Role.FACT, (one.fact for one in others)),
        *parties(Role.STORE, stores),
        *parties(Role.ACCOUNT, [use.account]),
    )
    desk.report(reading, Finding(ConflictKind.PASS_USED_TWICE, details, about, points=use.points))


def _late(desk: Desk, reading: Reading) -> None:
    if desk.at - reading.at > LATE:
        details = {"fact": reading.fact.id, "day": reading.at.date().isoformat()}
        desk.report(reading, Finding(ConflictKind.LATE, details))


def _clock(desk: Desk, reading: Reading) -> None:
    """Tell once a day of a journal whose clock is proved wrong, or not trusted by its agent."""
    body, found = reading.body, clocks.wrong(desk, reading)
    if found is None and body is not None and not is_timed(body) and not _is_late_sale(body):
        found = clocks.Wrong(reading.at, desk.at, UNTRUSTED)
    if found is None:
        return
    details = {
        "store": reading.store,
        "fact": reading.fact.id,
        "told": f"{found.told:%Y-%m-%d %H:%M} UTC",
        "here": f"{found.here:%Y-%m-%d %H:%M} UTC",
        "proof_ru": found.proof.ru,
        "proof_en": found.proof.en,
    }
    key = clock_key(reading)
    desk.report(reading, Finding(ConflictKind.CLOCK, details, subject=reading.fact.id, key=key))


def _is_late_sale(body: object) -> bool:
    """Tell whether a till sold without its agent: then its clock is told, not the store's."""
    return isinstance(body, ReceiptCommitted) and body.receipt.benefits is Benefits.EARNING


def clock_key(reading: Reading) -> UUID:
    """Return what the one record of a journal's clock and day follows from."""
    fact = reading.fact
    return derived("clock", fact.agent, fact.epoch, reading.at.date().isoformat())
