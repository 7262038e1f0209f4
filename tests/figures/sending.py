"""A centre in a process that takes in the batches of some stores, out of order and again:
`python -m tests.figures.sending ORDER.json`.

It may be killed at any moment: started again with the same order it sends everything again, which
is what agents do that have heard no answer. Journals are the same each time: their clock stands.
"""

import json
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count as count_from
from pathlib import Path
from typing import Any

from central.centre import Centre
from central.ingest import service as ingest
from central.opening import on_this_machine, open_centre
from central.settings import Settings
from shared.runtime.sqlite import reading
from shared.wire.codec import pack
from shared.wire.push import BATCH_MAX, OutcomeKind, PushBatch
from tests.central.app.kit import SetClock
from tests.central.journal_builder import Journal
from tests.figures.book import Json
from tests.figures.stores import Seller, agent_of, keys_of
from tests.quiet import quiet

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
TRIES_MAX = 50


@dataclass(slots=True)
class Sender:
    """A store's journal and its batches; how far the centre has them."""

    seller: Seller
    batches: list[PushBatch]

    def send(self, centre: Centre, no: int) -> int:
        """Send a batch; return the number that the centre expects next."""
        body = pack(self.batches[no])
        answer = ingest.push(centre, self.seller.journal.signed("/v1/facts", body))
        kinds = {outcome.kind for outcome in answer.outcomes}
        assert kinds <= {OutcomeKind.ACCEPTED}, f"{kinds} at {self.seller.journal.store}"
        return answer.expects


def sender_of(centre: Centre, code: str, receipts: int, nonces: int) -> Sender:
    """Return a store with so many receipts, which are the same whenever they are made; it signs
    its requests at the centre's present."""
    clock: Any = SetClock(AT)
    present: Any = centre.clock
    chance = random.Random(f"journal {code}")
    journal = Journal(centre, clock, code, keys_of(code), agent_of(code), chance)
    seller = Seller(journal, random.Random(f"sales {code}"))
    seller.open()
    for _ in range(receipts):
        seller.sell()
    journal.nonces = count_from(nonces)
    firsts = range(1, len(journal.facts) + 1, BATCH_MAX)
    batches = [journal.batch(first, first + BATCH_MAX - 1) for first in firsts]
    journal.clock = present
    return Sender(seller, batches)


def main(order_file: Path) -> None:
    """Send all batches of the stores of an order in a random order, a share of them again."""
    order: Json = json.loads(order_file.read_text())
    clock, chance = on_this_machine()
    centre = open_centre(Settings(data_dir=Path(order["centre"])), clock, chance)
    moment: Any = SetClock(AT + timedelta(days=order["days_later"]))
    centre = Centre(
        centre.engine, moment, centre.chance, centre.keys, centre.settings, centre.incarnation
    )
    nonces = order["life"] * 1_000_000
    senders = [sender_of(centre, code, order["receipts"], nonces) for code in order["codes"]]
    again = send_all(centre, senders, random.Random(order["life"]), order)
    points = sum(sender.seller.points for sender in senders)
    told = {"again": again, "points": points}
    order_file.with_suffix(".result").write_text(json.dumps(told))
    centre.engine.dispose()


def send_all(centre: Centre, senders: list[Sender], chance: random.Random, order: Json) -> int:
    """Send every batch until the centre has it, and a share once more; return how many again."""
    share = order["again"]
    only_again = order["days_later"] > 0
    waiting = [
        (sender, no)
        for sender in senders
        for no in range(len(sender.batches))
        for _ in range(_times(chance, share, only_again=only_again))
    ]
    again = len(waiting) - (0 if only_again else sum(len(one.batches) for one in senders))
    for _ in range(TRIES_MAX):
        chance.shuffle(waiting)
        left = []
        for sender, no in waiting:
            batch = sender.batches[no]
            if sender.send(centre, no) <= batch.head.seq:
                left.append((sender, no))  # the centre lacks what is before it
        if not left:
            return again
        waiting = left
    raise AssertionError("the centre does not get on")


def _times(chance: random.Random, share: float, *, only_again: bool) -> int:
    again = chance.random() < share
    return int(again) if only_again else 1 + int(again)


def count(centre: Centre) -> tuple[int, int]:
    """Return how many receipts the centre has taken and posted."""
    with reading(centre.engine) as connection:
        taken, posted = (
            connection.exec_driver_sql(
                f"SELECT count(*) FROM {table} WHERE kind = 'receipt.committed'"  # noqa: S608
            ).scalar_one()
            for table in ("fact", "document")
        )
    return int(taken), int(posted)


if __name__ == "__main__":
    with quiet():
        main(Path(sys.argv[1]))
