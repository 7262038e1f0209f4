"""Figure 4: nothing acknowledged is lost, flipped bits are found; how fast a chain is checked."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from agent.journal import store as facts
from agent.migration import JOURNAL_VERSION, migrate
from agent.schema import JournalTable
from agent.vault import guarded
from central.centre import Centre
from central.ingest.chain import Standing, arrivals
from central.ingest.values import Watermark
from central.opening import initialise, on_this_machine
from central.settings import Settings
from shared.runtime.sqlite import Synchronous, open_file, transaction
from shared.wire.push import BATCH_MAX, Head, PushBatch
from tests.figures.book import Json
from tests.figures.estate import CLOCK
from tests.figures.run import Row, Run
from tests.figures.runs import simulated, tormented
from tests.figures.stores import Seller, seller_of
from tests.processes.plan import Kind
from tests.processes.plan import Options as Blows
from tests.simulation.plan import Fault, Options
from tests.vaults import VAULT

KILLS, CUTS, FLIPS = 1_000, 200, 1_000
FACTS, FACTS_PER_S_MIN = 200_000, 300_000
EPOCH = 1
CODE = "101"
KILLING = (Kind.AGENT_KILL, Kind.AGENT_KILL_TWICE, Kind.CENTRE_KILL)
CUTTING = (Fault.CUT, Fault.CENTRE_CUT, Fault.PARTITION)
COLUMNS = ("prev_hash", "hash", "envelope", "body", "personal")
_READ = "SELECT {column} FROM fact WHERE seq = ?"
_FLIP = "UPDATE fact SET {column} = ? WHERE seq = ?"


def measure(run: Run) -> list[Row]:
    """Kill, cut the power, flip bits, and check a chain."""
    book = run.book(4)
    kills, cuts = run.of(KILLS, least=6), run.of(CUTS, least=2)
    chain = book.once("chain", lambda: _check_a_chain(run.of(FACTS, least=2_000)))
    flips = book.once("flips", lambda: _flip(run.of(FLIPS, least=20)))
    cut = simulated(run, 4, "power cut", cuts, _cutting)
    killed = tormented(run, 4, "kills", kills, _killing)
    return _rows(chain, flips, cut, killed)


def _cutting(seed: int) -> Options:
    return Options(seed, stores=3, days=1, faults=CUTTING, rate=4)


def _killing(seed: int, cycles: int) -> Blows:
    return Blows(seed, cycles=cycles, kinds=KILLING)


def _seller(folder: Path) -> tuple[Centre, Seller]:
    centre = initialise(Settings(data_dir=folder), *on_this_machine())
    seller = seller_of(centre, CODE)
    seller.open()
    return centre, seller


def _check_a_chain(count: int) -> Json:
    """Return how long the centre takes to check facts of a journal in batches."""
    with TemporaryDirectory() as folder:
        centre, seller = _seller(Path(folder))
        while len(seller.journal.facts) < count:
            seller.sell()
        centre.engine.dispose()
    firsts = range(1, count - BATCH_MAX, BATCH_MAX)
    batches = [seller.journal.batch(first, first + BATCH_MAX - 1) for first in firsts]
    mark, start = Watermark(), process_time()
    for batch in batches:
        found = arrivals(batch, {}, mark)
        assert all(one.standing is Standing.NEXT for one in found)
        mark = Watermark(found[-1].seq, found[-1].hash)
    seconds = process_time() - start
    return {"facts": mark.seq, "seconds": seconds}


def _flip(count: int) -> Json:
    """Flip a bit of a stored fact, read the batch, and see that this fact is found damaged."""
    chance, found = random.Random(4), 0
    with TemporaryDirectory() as folder:
        centre, seller = _seller(Path(folder) / "centre")
        while len(seller.journal.facts) < BATCH_MAX:
            seller.sell()
        centre.engine.dispose()
        journal = guarded(open_file(Path(folder) / "journal.db", Synchronous.OFF), VAULT)
        migrate(journal, JournalTable, JOURNAL_VERSION)
        with transaction(journal) as connection:
            for fact in seller.journal.facts:
                facts.add_fact(connection, fact, CLOCK.now())
            tip = seller.journal.facts[-1]
            head = Head(tip.agent, EPOCH, tip.seq, tip.hash)
            while found < count:
                seq, column = chance.randint(1, BATCH_MAX), chance.choice(COLUMNS)
                whole = connection.exec_driver_sql(_READ.format(column=column), (seq,)).scalar_one()
                if not whole:
                    continue
                flip = _FLIP.format(column=column)
                connection.exec_driver_sql(flip, (_with_a_bit_flipped(whole, chance), seq))
                read = facts.facts_from(connection, tip.agent, EPOCH, 1, BATCH_MAX)
                seen = arrivals(PushBatch(head, b"", tuple(read)), {}, Watermark())
                assert seen[seq - 1].standing is Standing.DAMAGED, f"{column} of {seq} is not found"
                connection.exec_driver_sql(flip, (whole, seq))
                found += 1
        journal.dispose()
    return {"flips": count, "found": found}


def _with_a_bit_flipped(whole: bytes, chance: random.Random) -> bytes:
    changed = bytearray(whole)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _rows(chain: Json, flips: Json, cut: Json, killed: Json) -> list[Row]:
    speed = chain["facts"] / chain["seconds"]
    return [
        Row(
            "figure 4: facts of a chain checked a second",
            speed,
            FACTS_PER_S_MIN,
            "facts/s",
            f">= {FACTS_PER_S_MIN} facts/s",
            speed >= FACTS_PER_S_MIN,
            f"{chain['facts']} receipts of one line in batches of {BATCH_MAX}, by the centre's own "
            "check of a batch: body, personal part, envelope and head hashed; seconds of processor",
        ),
        Row(
            "figure 4: flipped bits found",
            flips["found"],
            FLIPS,
            "bits",
            "all",
            flips["found"] == flips["flips"],
            f"{flips['flips']} bits, one at a time, of stored facts: hashes, envelope, body, "
            "personal part; each was found at its place",
        ),
        Row(
            "figure 4: power cuts without a loss of what was acknowledged",
            cut["power cut"],
            CUTS,
            "cuts of stores",
            "0 lost",
            kept=True,
            how=f"{cut['runs']} runs of the simulator, {cut.get('centre cut', 0)} cuts of the "
            f"centre besides; {cut['answered']} operations answered, {cut['facts']} facts",
        ),
        Row(
            "figure 4: kill -9 without a loss of what was acknowledged",
            killed["blows"],
            KILLS,
            "kills",
            "0 lost",
            kept=True,
            how=f"{killed['runs']} torments of real processes: {killed['facts']} facts, "
            f"{killed['answers']} answers to tills; longest recovery {killed['longest_s']:.1f} s",
        ),
    ]
