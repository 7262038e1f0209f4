"""Figure 3: receipts that come again, out of order, after kill -9 and late have one effect."""

import json
import random
from threading import Event

from central.centre import Centre
from central.ledger.audit import check
from central.opening import on_this_machine, open_centre
from central.settings import Settings
from demo.stage.processes import Crew, module
from shared.runtime.sqlite import reading
from tests.figures.book import Book, Json
from tests.figures.estate import CLOCK, PATIENCE, WAIT_S
from tests.figures.run import Row, Run
from tests.figures.sending import count
from tests.figures.stores import know
from tests.processes.estate import found

RECEIPTS = 1_000_000
OF_STORE = 1_992
"""With 8 registrations ten batches."""
AT_ONCE = 10
"""Stores of a piece."""
AGAIN = 0.2
DAYS_LATE = 7
KILLS = 2
"""Of each piece's process."""
KILL_S = (2.0, 12.0)
LATE_SHARE = 0.2


def measure(run: Run) -> list[Row]:
    """Send all receipts in pieces, each by a process that is killed, then some of them late."""
    book, folder = run.book(3), run.place("effects")
    stores = -(-run.of(RECEIPTS, least=OF_STORE) // OF_STORE)
    codes = [str(10_001 + no) for no in range(stores)]
    data = folder / "centre"
    if "founded" not in book.pieces:
        folder.mkdir(parents=True, exist_ok=True)
        centre = found(data, "", codes)
        know(centre, codes)
        book.put("founded", {"stores": stores})
    centre = open_centre(Settings(data_dir=data), *on_this_machine())
    try:
        sent = [
            book.once(f"from {codes[first]}", lambda first=first: _send(run, codes, first))  # type: ignore[misc]
            for first in range(0, stores, AT_ONCE)
        ]
        book.once("late", lambda: _send_late(run, codes))
        _check(centre, stores * OF_STORE, sum(one["points"] for one in sent))
    finally:
        centre.engine.dispose()
    return _rows(book, stores * OF_STORE, sent)


def _send(run: Run, codes: list[str], first: int) -> Json:
    """Let a process send a piece, killed twice on its way."""
    order = {"codes": codes[first : first + AT_ONCE], "again": AGAIN, "days_later": 0}
    chance = random.Random(first)
    return _lived(run, order, [chance.uniform(*KILL_S) for _ in range(KILLS)], first * 10)


def _send_late(run: Run, codes: list[str]) -> Json:
    """Let a centre that is a week older take a share of everything once more."""
    again = 0
    for first in range(0, len(codes), AT_ONCE):
        order = {"codes": codes[first : first + AT_ONCE], "again": LATE_SHARE}
        told = _lived(run, {**order, "days_later": DAYS_LATE}, [], first * 10 + 5)
        again += told["again"]
    return {"again": again}


def _lived(run: Run, order: Json, kills: list[float], life: int) -> Json:
    """Start a process with an order, kill it after so many seconds, and at last let it end."""
    folder = run.place("effects")
    crew, file = Crew(folder, PATIENCE), folder / "sending.json"
    file.with_suffix(".result").unlink(missing_ok=True)
    killed = 0
    try:
        for after_s in [*kills, None]:
            told = {**order, "centre": str(folder / "centre"), "receipts": OF_STORE}
            file.write_text(json.dumps({**told, "life": life + killed}))
            process = crew.start("sending", [*module("tests.figures.sending"), str(file)])
            if after_s is not None:
                CLOCK.wait(Event(), after_s)
                if process.running.poll() is None:
                    crew.kill(process)
                    killed += 1
                    continue
            code = PATIENCE.until("sent", lambda: _ended(process.running.poll()), WAIT_S)  # noqa: B023
            assert code == "0", process.said().decode(errors="replace")[-3000:]
            crew.members.remove(process)
            break
    finally:
        crew.stop()
    result: Json = json.loads(file.with_suffix(".result").read_text())
    return {**result, "kills": killed}


def _ended(code: int | None) -> str | None:
    return None if code is None else str(code)


def _check(centre: Centre, receipts: int, points: int) -> None:
    """Each receipt has one fact, one document and one effect."""
    assert count(centre) == (receipts, receipts), f"{count(centre)} of {receipts}"
    with reading(centre.engine) as connection:
        found = connection.exec_driver_sql("SELECT sum(balance) FROM lot").scalar_one()
        assert found == points, f"{found} of {points} points"
        assert check(connection) == []


def _rows(book: Book, receipts: int, sent: list[Json]) -> list[Row]:
    again, late = sum(one["again"] for one in sent), book.pieces["late"]["again"]
    kills = sum(one["kills"] for one in sent)
    return [
        Row(
            "figure 3: receipts that came again, out of order, killed and late: effects",
            receipts,
            receipts,
            "effects",
            "exactly as many",
            kept=True,
            how=f"{receipts} receipts in batches of 200 in random order over {AT_ONCE} stores at a "
            f"time, the centre on SQLite; {again} batches sent once more, {kills} kill -9 of its "
            f"process after which everything was sent again, {late} batches {DAYS_LATE} days "
            "later; facts, documents, points and the ledger's laws compared",
        )
    ]
