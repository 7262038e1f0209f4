"""Guards switched off one at a time: a simulator that does not notice proves nothing.

Each mutant puts a faulty copy in the place of one function of the product, in this process only,
wherever the function was imported to. Runs are repeated over seeds until one fails.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from dataclasses import replace as dataclass_replace
from importlib import import_module
from typing import Any

from msgspec.structs import replace

from agent.leases.beyond import Counted
from central.ingest import looking
from central.members.store import IdentifierState
from shared.certificate import CertificateState
from shared.clock import milliseconds
from shared.ids import derived
from shared.rules.moment import Trust
from shared.runtime.sqlite import Synchronous, transaction
from shared.wire.agents import BackedUp
from shared.wire.facts import Birth
from tests.simulation.plan import Fault, Options
from tests.simulation.programmes import NO_CAPS
from tests.simulation.runner import simulate

SEEDS_MAX = 8
BENT_MINOR = 10_000_00
CAPS = (150_00, 200_00, 400_00)
"""Of a receipt, a member and a store, beyond the leases."""
OF_PASS = 200_00
"""What a signed pass lets its account spend at a store, beyond the leases."""
PACKAGES = ("agent", "central", "shared")

Faulty = Callable[[Any], Any]
"""Makes a faulty function out of the right one."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A guard that is missing, and the faults under which that should show."""

    name: str
    patches: tuple[tuple[str, Faulty], ...] = ()
    faults: tuple[Fault, ...] = (Fault.PARTITION,)
    synchronous: Synchronous = Synchronous.FULL
    stores: int = 3
    days: int = 1
    rate: int = 1
    caps: tuple[int, int, int] = NO_CAPS
    of_pass: int = 0


@dataclass(slots=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    seed: int | None = None
    steps: int = 0
    invariant: str = ""
    tried: int = field(default=0)

    def __str__(self) -> str:
        if self.seed is None:
            return f"{self.mutant.name}: SURVIVED {self.tried} seeds"
        caught = f"caught by seed {self.seed} after {self.steps} steps"
        return f"{self.mutant.name}: {caught} ({self.invariant})"


def judge(mutant: Mutant, seeds: int = SEEDS_MAX) -> Verdict:
    """Run a mutant until an invariant fails, over at most so many seeds."""
    verdict = Verdict(mutant)
    with ExitStack() as stack:
        for target, faulty in mutant.patches:
            stack.enter_context(patched(target, faulty))
        for seed in range(1, seeds + 1):
            options = Options(
                seed,
                mutant.stores,
                mutant.days,
                16,
                mutant.faults,
                mutant.rate,
                caps=mutant.caps,
                of_pass=mutant.of_pass,
            )
            result = simulate(options, synchronous=mutant.synchronous)
            verdict.tried = seed
            if result.violation is not None:
                verdict.seed, verdict.steps = seed, result.done
                verdict.invariant = result.violation.invariant
                break
    return verdict


@contextmanager
def patched(target: str, faulty: Faulty) -> Iterator[None]:
    """Put a faulty function in the place of `module:name` in every module that has it, or one of a
    class in the place of `module:Class.name`; `module!name` is that module's alone."""
    module, _, path = target.replace("!", ":").partition(":")
    owner, _, name = path.rpartition(".")
    home = import_module(module)
    home = getattr(home, owner) if owner else home
    original = vars(home)[name]
    everywhere = () if "!" in target else sys.modules.items()
    modules = [one for key, one in everywhere if key.partition(".")[0] in PACKAGES]
    places = [one for one in [home, *modules] if vars(one).get(name) is original]
    replacement = faulty(original)
    for place in places:
        setattr(place, name, replacement)
    try:
        yield
    finally:
        for place in places:
            setattr(place, name, original)


def always(answer: Any) -> Faulty:
    return lambda _original: lambda *_args, **_named: answer


def forget_gone(_original: Any) -> Any:
    """A lease of which everything granted can be spent, again and again."""
    return lambda granted, use, held: max(0, max(granted, use.kept) - held)


def forget_holds(original: Any) -> Any:
    """Points that an open receipt holds can be drawn by another one."""
    return lambda granted, use, _held: original(granted, use, 0)


def give_back_held(_original: Any) -> Any:
    """A store gives back what the centre asks for, also what an open receipt holds."""
    return lambda _granted, wanted_back, use, _held: max(0, wanted_back - use.given_back)


def give_back_rest(original: Any) -> Any:
    """The centre frees all that a lease has left, whatever amount the journal gives back."""

    def give_back(books: Any, lot: Any, lease: Any, amount: int, document: Any) -> None:
        rest = max(0, lease.left - amount)
        original(books, lot, lease, amount, document)
        lease.granted -= rest
        lot.free += rest

    return give_back


def expire_leases(original: Any) -> Any:
    """Expiry takes back what stores still hold, as if they had said so."""

    def expire(books: Any, lot: Any, document: Any) -> Any:
        reclaim(books, lot)
        return original(books, lot, document)

    return expire


def reclaim_silent(original: Any) -> Any:
    """A store that has not been heard for an hour loses its leases by time."""

    def spendable(connection: Any, books: Any, account: Any, sender: Any, at: Any) -> Any:
        lots = original(connection, books, account, sender, at)
        for lot in lots:
            reclaim(books, lot, but=sender.agent)
        return lots

    return spendable


def reclaim(books: Any, lot: Any, but: Any = None) -> None:
    for lease in books.leases_of(lot.id):
        if lease.agent != but:
            lot.free += lease.left
            lease.granted -= lease.left
            books.touched.add(lot.account)


def uncover(_original: Any) -> Any:
    """What a fact changed is no longer shown as soon as the centre has taken it."""

    def show(connection: Any, fact: Any, _outcome: Any, _cover: Any) -> None:
        connection.exec_driver_sql("UPDATE change SET cover = 0 WHERE fact = ?", (fact.bytes,))

    return show


def of_the_last_life(_original: Any) -> Any:
    """Rows are trusted up to where the last life began, whatever was lost with one before it."""

    def parted_at(_mine: Any, theirs: Any) -> int:
        return int(theirs[-1].began_at)

    return parted_at


def backed_up_at_once(_original: Any) -> Any:
    """A store may let go whatever the centre has taken, before a backup holds it."""

    def backed_up(connection: Any, identity: Any) -> Any:
        known = looking.watermarks(connection).items()
        return tuple(
            BackedUp(holder.epoch, at.seq, at.hash)
            for holder, at in known
            if holder.agent == identity.agent
        )

    return backed_up


def cursor_first(original: Any) -> Any:
    """The cursor moves in a transaction of its own, before the rows."""

    def write(station: Any, segment: Any, changes: Any, last: int) -> Any:
        from agent.replica import service, store

        with transaction(station.replica) as connection:
            at = store.cursor(connection, segment.stream)
            if segment.first == at.number + 1:
                store.put_cursor(connection, segment.stream, last, segment.incarnation)
        with transaction(station.replica) as connection:
            if segment.first == at.number + 1:
                service.put(connection, station, segment.stream, changes)
        station.premises.forget()
        return original(station, segment, changes, last)

    return write


def the_end_too(_original: Any) -> Any:
    """Of a journal whose end a backup holds nothing stays."""
    return lambda _connection, _line, told: told.seq


def numbers_with_holes(original: Any) -> Any:
    """Every second transaction shows its numbers before a lower one is there."""
    seen: dict[str, int] = {}

    def take_numbers(connection: Any, wanted: Any) -> Any:
        late = {}
        for name in wanted:
            seen[name] = seen.get(name, 0) + 1
            if seen[name] % 2:
                late[name] = 1
        before = original(connection, {name: wanted[name] + late.get(name, 0) for name in wanted})
        return {name: before[name] + late.get(name, 0) for name in before}

    return take_numbers


def return_everything(_original: Any) -> Any:
    """Each return moves the whole of a line's points and money, whatever came back before."""
    return lambda amount, *_quantities: amount


def posted_twice(original: Any) -> Any:
    """A fact that was told before counts as new."""

    def standing(whole: Any, _before: Any, *rest: Any) -> Any:
        return original(whole, None, *rest)

    return standing


def no_wait(_original: Any) -> Any:
    """A fact is posted although a lot that it draws is not born yet: the draw is passed over."""
    return lambda *_args: None


def resend_slips(_original: Any) -> Any:
    """A slip that was half sent when the agent stopped is sent once more."""

    def abandon(connection: Any) -> int:
        statement = "UPDATE print_job SET state = 'queued' WHERE state = 'sending'"
        return int(connection.exec_driver_sql(statement).rowcount)

    return abandon


def answer_before_write(_original: Any) -> Any:
    """The till's uid is not remembered."""
    return lambda *_args: None


def spend_barred(original: Any) -> Any:
    """The agent spends the leases of an epoch that is barred."""

    def open_here(station: Any, *rest: Any) -> None:
        barred, station.barred = station.barred, ""
        try:
            original(station, *rest)
        finally:
            station.barred = barred

    return open_here


def cover_closed(_original: Any) -> Any:
    """What is spent of a written-off lease is covered by it, although it is free again."""

    def leave(books: Any, lease: Any, amount: int) -> int:
        covered: int = min(amount, max(0, lease.granted - lease.gone))
        lease.gone += amount
        lease.granted = max(lease.granted, lease.gone)
        books.touched.add(lease.account)
        return covered

    return leave


def once_each_time(original: Any) -> Any:
    """What a person gets once is granted again by every fact that brings it."""

    def grant(desk: Any, reading: Any, document: Any, granted: Any, kept: int) -> Any:
        if granted.person:
            lot = derived("again", granted.lot, document.uid)
            granted = replace(granted, lot=lot, period=str(document.uid))
        return original(desk, reading, document, granted, kept)

    return grant


def forget_returns(original: Any) -> Any:
    """Each return moves what its sale did, whatever came back before."""
    return lambda sale, _before, now: original(sale, (), now)


def as_it_says(_original: Any) -> Any:
    """A return moves what it says, though a line of it had come back before."""
    return lambda _sale, _before, returned: returned


def undo_nothing(_original: Any) -> Any:
    """A void leaves turnover and visit."""
    return lambda *_args: None


def move_nothing(original: Any) -> Any:
    """A return by slip pays money back and moves no points."""

    def resolved(sale: Any, before: Any, returned: Any) -> Any:
        return replace(original(sale, before, returned), restored=(), taken=())

    return resolved


def end_nothing(original: Any) -> Any:
    """A return by slip leaves what certificates paid, and the coupons of its sale."""

    def resolved(sale: Any, before: Any, returned: Any) -> Any:
        return replace(original(sale, before, returned), refilled=(), revoked=())

    return resolved


def leave_once(original: Any) -> Any:
    """A void leaves what a person gets once, which may be granted again."""

    def known(desk: Any, lots: Any) -> Any:
        return [lot for lot in original(desk, lots) if lot.rule not in ("welcome", "birthday")]

    return known


@contextmanager
def keep_trial(_connection: Any) -> Iterator[None]:
    """What was only tried stays."""
    yield


def bend(original: Any) -> Any:
    """The agent prices its members by more turnover than its facts say they have."""

    def evaluate(pack: Any, member: Any, receipt: Any, moment: Any) -> Any:
        if member is not None:
            member = dataclass_replace(member, turnover_minor=member.turnover_minor + BENT_MINOR)
        return original(pack, member, receipt, moment)

    return evaluate


def another_document(_original: Any) -> Any:
    """What the audit grants has another id each time."""
    seen: list[Any] = []

    def document_of(due: Any) -> Any:
        seen.append(due)
        return derived("again", due.sale.receipt.uid, len(seen))

    return document_of


def keep_sold(_original: Any) -> Any:
    """A store pays with a certificate that it has sold before the centre knows of the sale."""
    return lambda claim: [
        Birth(one.lot, one.account, one.amount, one.amount) for one in claim.issued
    ]


def sell_again(original: Any) -> Any:
    """A certificate that was sold before comes to life once more with every further sale."""

    def sell(shelf: Any, books: Any, issued: Any, document: Any, at_store: str) -> str:
        told: str = original(shelf, books, issued, document, at_store)
        if told == "sold_before":
            card = shelf.certificates[issued.index]
            shelf.certificates[issued.index] = dataclass_replace(
                card, state=CertificateState.FOR_SALE
            )
            again = replace(issued, lot=derived("again", issued.lot, document.uid))
            told = original(shelf, books, again, document, at_store)
        return told

    return sell


_CRASHES = (Fault.KILL, Fault.CUT)
_BROKEN = (Fault.FLIP, Fault.POISON, Fault.PARTITION)


def of_the_day(_original: Any) -> str:
    """Only what was spent today counts, as if the centre had heard of the rest."""
    return """SELECT coalesce(sum(amount), 0) FROM beyond_lease
        WHERE account IN (?*) AND (day >= ? OR 0 > ?)"""


def of_one_member(original: Any) -> Any:
    """What other members have spent here does not count."""
    return lambda *args: Counted(member=original(*args).member)


def ten_times(original: Any) -> Any:
    """A pass lets redeem more than it says."""
    return lambda asked: 10 * original(asked)


def only_higher(_original: Any) -> Any:
    """The counter of the next pass knows nothing of what a backup lacks."""
    return lambda highest, _at: highest + 1


def to_who_lives_on(_right: Any) -> Any:
    return lambda _roll, books, _ways, member: books.accounts_of(member)[0]


def one_account(right: Any) -> Any:
    def faulty(roll: Any, who: Any, books: Any, ladder: Any) -> Any:
        own = books.accounts_of(who)[:1]
        turnover_minor = sum(one.turnover_minor for one in own)
        return replace(right(roll, who, books, ladder), turnover_minor=turnover_minor)

    return faulty


_CLOCKS = (Fault.CLOCK, Fault.PARTITION, Fault.CUT, Fault.PACK)
_ALONE: Any = {"faults": (Fault.SILENT,), "stores": 2, "days": 2, "rate": 25, "of_pass": OF_PASS}
"""Stores that fall silent and stay so: most of what is redeemed there is by passes."""


def own_stamps(_original: Any) -> Any:
    """An edit is as late as its own clock says, whatever it replaces."""
    return lambda edits: {one.version: milliseconds(one.at) for one in edits}


def first_to_arrive(_original: Any) -> Any:
    """Of edits that did not know each other the first that arrives counts."""

    def faulty(edits: Any) -> Any:
        counts: Any = None
        for one in edits:
            if counts is None or one.replaces == counts.version:
                counts = one
        return counts

    return faulty


def leave_phones(original: Any) -> Any:
    """A former phone goes on to find its member."""

    def faulty(roll: Any, one: Any) -> None:
        if one.state is not IdentifierState.REVOKED:
            original(roll, one)

    return faulty


def believe_the_clock(_original: Any) -> Any:
    """The store's time is what the machine's clock shows."""
    return lambda keeper: keeper._clock.now()


def trust_the_clock(_original: Any) -> Any:
    """The store's time is what the machine's clock shows, and it is trusted."""
    return lambda keeper: (keeper._clock.now(), Trust.TRUSTED)


def settle_at_once(_original: Any) -> Any:
    """Whatever the clock shows, its rules are in force."""
    return lambda _keeper, at: at


def name_nothing(_original: Any) -> Any:
    """An edit does not say what it replaces."""
    return lambda *_args: {}


def of_the_rows(_original: Any) -> Any:
    """The list of keys that the rows have counts, whatever was known before."""
    return lambda rows, kept: rows or kept


def whatever_is_held(original: Any) -> Any:
    """A list is judged by the root that was pinned, whatever hand-overs are known."""
    return lambda row, pinned, _held=None: original(row, pinned)


MUTANTS: tuple[Mutant, ...] = (
    Mutant("journal.db at synchronous=OFF", (), _CRASHES, Synchronous.OFF),
    Mutant("lease check: gone is not taken off",
           (("shared.ledger.leases:spendable", forget_gone),)),
    Mutant("lease check: holds are not taken off",
           (("shared.ledger.leases:spendable", forget_holds),), days=2),
    Mutant("dedup of facts", (("central.ingest.chain:_standing", posted_twice),),
           (Fault.ONE_WAY, Fault.NOISE)),
    Mutant("chain check: damaged bytes are believed",
           (("shared.wire.facts:is_intact", always(True)),), (Fault.FLIP,)),
    Mutant("give-back frees the rest", (("shared.ledger.postings:give_back", give_back_rest),)),
    Mutant("lease reclaimed by expiry",
           (("shared.ledger.postings:expire", expire_leases),), days=3),
    Mutant("lease reclaimed by time-out", (("central.leases.service:_spendable", reclaim_silent),),
           days=2),
    Mutant("overlay removed at the acknowledgement",
           (("agent.journal.store:_show", uncover),)),
    Mutant("cursor atomicity", (("agent.replica.service:_write", cursor_first),), _CRASHES),
    Mutant("envelope of a quarantined fact",
           (("central.ingest.envelopes:set_aside", always(None)),), _BROKEN),
    Mutant("order of numbers", (("central.feed.store:take_numbers", numbers_with_holes),)),
    Mutant("causal waiting",
           (("central.ingest.envelopes:awaited_lot", no_wait),
            ("central.ingest.receipts:awaited_sale", no_wait)),
           (Fault.FLIP, Fault.PARTITION), days=2, rate=8),
    Mutant("allocation of returns",
           (("shared.rules.returns:returned_share", return_everything),
            ("shared.rules.returns:returned_sum", return_everything)), days=2),
    Mutant("each point of a sale moves once",
           (("central.ingest.moved:left_to_move", forget_returns),
            ("central.ingest.receipts:without_the_same", as_it_says)), days=2),
    Mutant("a line that came back twice moves once",
           (("central.ingest.receipts:without_the_same", as_it_says),), days=2),
    Mutant("a void takes turnover back", (("central.ingest.voids:_undo", undo_nothing),)),
    Mutant("a void takes what a person gets once",
           (("central.ingest.receipts:known_lots", leave_once),), days=2),
    Mutant("a return by slip moves points", (("central.ingest.slips:resolved", move_nothing),),
           days=2),
    Mutant("a return by slip ends coupons and refills certificates",
           (("central.ingest.slips:resolved", end_nothing),), days=2),
    Mutant("an exchange is tried first",
           (("shared.runtime.sqlite:trying", lambda _original: keep_trial),)),
    Mutant("fencing: a forked journal gets leases",
           (("central.leases.store:bars", always({})),), (Fault.CLONE, Fault.IMAGE), days=2,
           rate=20),
    Mutant("fencing: a barred epoch spends", (("agent.leases.lots:_open_here", spend_barred),),
           (Fault.CLONE, Fault.IMAGE, Fault.PARTITION), days=2, rate=20),
    Mutant("a written-off lease covers", (("shared.ledger.postings:_leave", cover_closed),),
           (Fault.WRITE_OFF, Fault.PARTITION), days=2, rate=10),
    Mutant("what a disk has lost is not fetched", (("agent.history:fetch", always(0)),),
           (Fault.IMAGE,), days=2, rate=4),
    Mutant("a restored centre leases at once",
           (("central.leases.store:is_recovering", always(False)),), (Fault.RESTORE,), days=2,
           rate=8),
    Mutant("what a backup lacks is not sent again",
           (("agent.journal.store:send_again", always(None)),), (Fault.RESTORE,), rate=4),
    Mutant("facts leave before a backup holds them",
           (("central.backups.service:backed_up", backed_up_at_once),), (Fault.RESTORE,), rate=4),
    Mutant("the end of the chain leaves",
           (("agent.journal.leaving:last_backed_up", the_end_too),), (Fault.RESTORE,), rate=4),
    Mutant("once-per-person grants", (("central.ingest.receipts:_grant", once_each_time),)),
    Mutant("an agent evaluates by a bent rule", (("agent.quote.service!evaluate", bend),)),
    Mutant("the audit forgets what it has granted",
           (("central.auditor.store:audited", always({})),
            ("central.auditor.granting:document_of", another_document)), days=2, rate=4),
    Mutant("a certificate is kept where it was sold", (("agent.commit.service:_sold", keep_sold),)),
    Mutant("a certificate is sold twice", (("central.bearers.posting:sell", sell_again),)),
    Mutant("a used code is not drawn", (("agent.bearers.codes:code_draws", always(())),)),
    Mutant("a till's uid is forgotten", (("agent.journal.answers:recall", answer_before_write),),
           _CRASHES, rate=4),
    Mutant("a half-sent slip is sent again",
           (("agent.printing.store:abandon_sending", resend_slips),), _CRASHES),
    Mutant("rows that were changed by the disk are not seen",
           (("agent.replica.repair:scrub", always(())),), (Fault.ROT,), rate=4),
    Mutant("rows that differ are not mended", (("agent.replica.repair:repair", always(0)),),
           (Fault.ROT,), rate=4),
    Mutant("new rows come into use though a push is unanswered",
           (("agent.lives:_demand_no_doubt", always(None)),),
           (Fault.PRUNE, Fault.NOISE, Fault.ONE_WAY), days=2, rate=8),
    Mutant("points are imported to whoever lives on",
           (("central.members.imports:account_of", to_who_lives_on),),
           (Fault.MERGE, Fault.RESTORE)),
    Mutant("a store sees one account of who was merged",
           (("central.members.service:_row", one_account),), (Fault.MERGE,)),
    Mutant("an edit is later than what it replaces",
           (("central.members.profile:_stamps", own_stamps),
            ("agent.timekeeper:Timekeeper.now", believe_the_clock)),
           (Fault.CLOCK, Fault.PARTITION), days=2, rate=8),
    Mutant("a pack is switched forward on untrusted time",
           (("agent.timekeeper:Timekeeper.settled", settle_at_once),), _CLOCKS, days=3, rate=8),
    Mutant("a pack for some stores is for all of them",
           (("shared.rules.force:_is_for", always(True)),), (Fault.ROLL,)),
    Mutant("what takes a pack's place waits for its instant",
           (("shared.rules.force:_has_come", always(True)),), (Fault.ROLL,), days=2, rate=4),
    Mutant("every clock is trusted", (("agent.timekeeper:Timekeeper._look", trust_the_clock),),
           _CLOCKS, days=2, rate=4),
    Mutant("receipts on untrusted time are not counted apart",
           (("central.auditor.judging:is_timed", always(True)),), _CLOCKS, days=2, rate=4),
    Mutant("an edit names what it replaces", (("agent.members.edit:_replaced", name_nothing),)),
    Mutant("of two edits the later one counts",
           (("central.members.profile:in_force", first_to_arrive),), days=2),
    Mutant("an edit is shown until the rows cover it",
           (("agent.journal.edits:uncovered", always(())),)),
    Mutant("a former phone finds its member no more",
           (("central.members.editing:_claim", leave_phones),)),
    Mutant("limit: what is spent beyond leases is not counted",
           (("agent.leases.beyond:counted", always(Counted())),), days=2, rate=4, caps=CAPS),
    Mutant("limit: what rows do not cover is forgotten with the day",
           (("agent.leases.beyond:_OF_MEMBER", of_the_day),), days=4, rate=4, caps=CAPS),
    Mutant("limit: the store's cap", (("agent.leases.beyond:counted", of_one_member),),
           days=2, rate=4, caps=CAPS),
    Mutant("pass: the next one does not wait for the end of a used one",
           (("central.passes.service:is_good", always(False)),), **_ALONE),
    Mutant("pass: it serves again in a store",
           (("agent.leases.passes:check_unused", always(None)),), **_ALONE),
    Mutant("pass: a receipt that has drawn by it is forgotten",
           (("agent.leases.passes:note", always(None)),), **_ALONE),
    Mutant("pass: what it says is no bound", (("agent.quote.offline:by_pass", ten_times),),
           **_ALONE),
    Mutant("pass: one that is over serves", (("agent.leases.passes:check_over", always(None)),),
           **_ALONE),
    Mutant("pass: the centre knows nothing of its use",
           (("central.ingest.envelopes:note_pass", always(None)),), **_ALONE),
    Mutant("pass: a second use is not told",
           (("central.ingest.findings:_passed_again", always(None)),), **_ALONE),
    Mutant("pass: forged ones serve", (("shared.wire.passes:Sealed.signed_by", always(True)),),
           **_ALONE),
    Mutant("pass: a restored centre counts again from where it was",
           (("central.passes.service:next_counter", only_higher),), (Fault.RESTORE,), days=2,
           rate=8, of_pass=OF_PASS),
    Mutant("a segment is bound to its numbers",
           (("shared.wire.feed:_context", always(b"")),), (Fault.CACHE,), rate=4),
    Mutant("an older list of keys is refused",
           (("shared.wire.keylist:may_follow", always(True)),
            ("shared.wire.keylist:later", of_the_rows)), (Fault.KEYS,), days=2, rate=8),
    Mutant("a hand-over of the root is signed by the former one",
           (("shared.wire.roots:is_handed_over", always(True)),), (Fault.KEYS,), days=2, rate=8),
    Mutant("a former root signs no list any more",
           (("shared.wire.keylist:is_signed", whatever_is_held),), (Fault.KEYS,), days=2, rate=8),
    Mutant("rows that are read anew bring no older list of keys",
           (("agent.keylist:keep", always(None)),), (Fault.KEYS, Fault.PRUNE, Fault.ROWS), days=2,
           rate=8),
    Mutant("orphaned asks are not ended", (("agent.leases.service:cancel_orphans", always(0)),),
           (Fault.KILL, Fault.NOISE), days=2, rate=6),
)  # fmt: skip


def main() -> int:
    """Judge every mutant, or those whose names contain an argument; 1 if one survives."""
    wanted = sys.argv[1:]
    survived = 0
    for mutant in MUTANTS:
        if not wanted or any(word in mutant.name for word in wanted):
            verdict = judge(mutant)
            survived += verdict.seed is None
            print(verdict, flush=True)  # noqa: T201
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
