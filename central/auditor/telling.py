"""What the audit has come to, told to people: how far it is, what it cost, one receipt in full."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from central.auditor import gathering, store
from central.auditor.bench import facts_of, lay
from central.auditor.examining import Shelves, compare
from central.auditor.store import DIVERGENT, Audited, Sums, Verdict
from central.centre import Centre
from central.ingest import looking
from central.ingest.values import KeptFact
from central.packs.library import Library, catalogue
from shared.errors import Kind, LoyaltyError
from shared.money import format_money
from shared.points import format_points
from shared.rules.result import Evaluation
from shared.runtime.sqlite import reading
from shared.wire.facts import ReceiptCommitted


class NoSuchReceiptError(LoyaltyError):
    """A receipt that is not at the centre, or whose fact nobody can read."""

    kind = Kind.NOT_FOUND
    code = "no_such_receipt"
    ru = "Чека {receipt} в центре нет, или его факт не читается."
    en = "Receipt {receipt} is not at the centre, or its fact cannot be read."


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the audit is: facts not seen yet, of how many journals; places that wait for their
    facts to be posted; receipts to be looked at again; rows by verdict; the sums of all stores."""

    behind: int
    journals: int
    gaps: int
    due: int
    verdicts: dict[Verdict, int]
    sums: Sums

    @property
    def divergent(self) -> int:
        """Receipts of which the kernel finds something else than their stores."""
        return sum(self.verdicts.get(one, 0) for one in DIVERGENT)


@dataclass(frozen=True, slots=True)
class Line:
    """One part of a result, as it was printed, as the kernel finds it again, and as the centre
    would have had it; empty where there is none."""

    name: str
    printed: str
    again: str
    ours: str

    @property
    def differs(self) -> bool:
        """Whether the kernel finds something else over the same."""
        return self.printed != self.again


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt with its results side by side."""

    fact: KeptFact
    receipt: UUID
    verdict: Verdict
    pack: str
    ours: str
    at: datetime
    row: Audited | None
    lines: tuple[Line, ...]


def standing(connection: Connection) -> Standing:
    """Return how far the audit is."""
    behind = gathering.lag(connection)
    sums = Sums()
    for more in store.sums_by(connection, "store").values():
        sums = sums.plus(more)
    return Standing(
        behind=sum(behind.values()),
        journals=len(behind),
        gaps=store.count_gaps(connection, looking.told_places()),
        due=store.count_due(connection),
        verdicts=store.count_verdicts(connection),
        sums=sums,
    )


def unaudited(connection: Connection) -> int:
    """Return how many facts are not seen yet, and receipts are to be looked at again."""
    return sum(gathering.lag(connection).values()) + store.count_due(connection)


def show(centre: Centre, receipt: UUID) -> Shown:
    """Evaluate a receipt (or the one of a fact) again and put the results side by side.

    Raises NoSuchReceiptError.
    """
    with reading(centre.engine) as connection:
        found = facts_of(connection, [receipt]) or looking.facts(connection, [receipt])
        bench = lay(connection, found)
        sale = bench.bodies.get(found[0].id) if found else None
        if not isinstance(sale, ReceiptCommitted):
            raise NoSuchReceiptError(receipt=receipt)
        shelves = Shelves(Library(), catalogue(connection))
        compared = compare(connection, shelves, found[0], sale, bench)
        row = store.audited(connection, [found[0].id]).get(found[0].id)
    sides = [dict(_parts(one)) for one in (sale.evaluation, compared.again, compared.ours)]
    names = dict.fromkeys(name for side in sides for name in side)
    lines = tuple(Line(name, *(side.get(name, "") for side in sides)) for name in names)
    verdict = compared.rechecked.verdict
    pack = sale.evaluation.pack_hash
    return Shown(found[0], sale.receipt.uid, verdict, pack, compared.pack, sale.at, row, lines)


def _parts(evaluation: Evaluation | None) -> Iterator[tuple[str, str]]:
    """Yield what was decided, a name and a text each, in the order of a receipt."""
    if evaluation is None:
        return
    yield "tier", f"{evaluation.tier} -> {evaluation.tier_after}"
    for line in evaluation.lines:
        yield f"line {line.no} base", format_money(line.base_minor)
        yield f"line {line.no} discount", format_money(line.discount_minor)
        yield f"line {line.no} points", format_points(line.redeemed_points)
        yield f"line {line.no} to pay", format_money(line.payable_minor)
        yield f"line {line.no} earned", format_points(line.earned_points)
        yield f"line {line.no} turnover", format_money(line.turnover_minor)
    for effect in evaluation.effects:
        name = f"effect {effect.no} {effect.kind} {effect.rule}"
        yield name, f"{effect.amount} {list(effect.allocations)}"
    redemption = evaluation.redemption
    yield "redeemed", f"{format_points(redemption.redeemed)} of {format_points(redemption.maximum)}"
    for draw in redemption.draws:
        yield f"draw {draw.lot}", format_points(draw.amount)
    for grant in evaluation.grants:
        name = f"grant {grant.effect_no} {grant.rule} {grant.wallet}"
        yield name, f"{format_points(grant.amount)} until {grant.expires_on}"
    for once in evaluation.once:
        yield f"once {once.rule} {once.period}", format_points(once.amount)
    yield "applied", " ".join(evaluation.applied)
    for refused in evaluation.rejected:
        yield f"refused {refused.rule}", refused.reason.code
    yield "hints", " ".join(hint.code for hint in evaluation.hints)
