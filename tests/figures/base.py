"""`python -m tests.figures.base`: an existing base is brought to a centre of its own, and timed.

The file is what an old system exports: Russian headings, phones in any form, cards of two kinds, a
tier by the card's type, points, turnover. One row in a hundred has a fault, one in fifty is there
twice.
"""

import random
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Annotated

import typer

from central.centre import Centre
from central.estate.service import How, import_stores
from central.imports.fields import ImportKind
from central.imports.lines import Source
from central.imports.mapping import read_plan
from central.imports.report import balanced, lines
from central.imports.service import Order, run
from central.ledger.audit import check
from central.members.search import search
from central.opening import initialise, on_this_machine
from central.settings import Settings
from shared.clock import SystemClock
from shared.runtime.sqlite import reading
from tests.central.app.kit import STORES_CSV
from tests.postgres import Cluster
from tests.quiet import quiet

MEMBERS = 1_000_000
HEADING = "№ карты;Вид карты;Телефон;ФИО;Дата рождения;E-mail;Магазин;Бонусы;Сгорают;Сумма покупок"
MAPPING = "kind: members\nvalues: {tier: {Золотая: gold, Чёрная: black}}\n"
LAST_NAMES = (
    "Иванов", "Смирнов", "Кузнецов", "Попов", "Васильев", "Петров", "Соколов", "Михайлов",
    "Новиков", "Фёдоров", "Морозов", "Волков", "Алексеев", "Лебедев", "Семёнов", "Егоров",
)  # fmt: skip
FIRST_NAMES = ("Анна", "Мария", "Елена", "Ольга", "Ирина", "Юлия", "Вера", "Нина", "Алла", "Яна")
MIDDLE_NAMES = ("Сергеевна", "Ивановна", "Петровна", "Олеговна", "Юрьевна", "Павловна")
SEARCHES = (
    "иванова", "анна", "ан", "иванова анна", "иванова анна олег", "анна павл яна", "4567",
    "1234567", "m99999@", "7700012345", "+79000007919", "ъъъ",
)  # fmt: skip
TIMES = 20
_SYLLABLES = [f"{one}{vowel}" for one in "бвгджзклмнпрст" for vowel in "ао"]
DURABLE = ("fsync=on", "synchronous_commit=on", "shared_buffers=256MB", "max_wal_size=4GB")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def measure(
    members: Annotated[int, typer.Option(min=1)] = MEMBERS,
    database: Annotated[str, typer.Option(help="sqlite or postgresql.")] = "postgresql",
) -> None:
    """Write a file of so many members, import it, and tell how long that took."""
    with tempfile.TemporaryDirectory() as place, quiet(), _centre(Path(place), database) as centre:
        file = Path(place) / "members.csv"
        write_base(file, members)
        megabytes = file.stat().st_size / 1e6
        began_s = process_time()
        took_s = bring(centre, file)
        rate, busy_s = members / took_s, process_time() - began_s
        typer.echo(
            f"{members} rows ({megabytes:.0f} MB) on {database}: {took_s:.0f} s, "
            f"{rate:.0f} rows/s; this process was busy for {busy_s:.0f} s of it"
        )
        for text in SEARCHES:
            typer.echo(_timed(centre, text))


def _timed(centre: Centre, text: str) -> str:
    """Search several times; return the slowest and the usual time."""
    clock, took_ms = SystemClock(), []
    hits = search(centre, text)
    for _ in range(TIMES):
        began_s = clock.monotonic()
        search(centre, text)
        took_ms.append((clock.monotonic() - began_s) * 1000)
    more = "+" if hits.more else ""
    usual, most = statistics.median(took_ms), max(took_ms)
    return f"search '{text}': {len(hits.found)}{more} found, median {usual:.1f} ms, most {most:.1f}"


def write_base(file: Path, members: int) -> None:
    """Write the export of an old system."""
    chance = random.Random(members)
    with file.open("w", encoding="cp1251") as out:
        out.write(f"{HEADING}\n")
        before = ""
        for no in range(members):
            row = before if before and no % 50 == 49 else _row(chance, no)
            before = row
            out.write(f"{row}\n")


def bring(centre: Centre, file: Path) -> float:
    """Import a file of members; return the seconds, once everything adds up."""
    mapping = file.with_suffix(".yaml")
    mapping.write_text(MAPPING)
    kind, clock = ImportKind.MEMBERS, SystemClock()
    order = Order(kind, Source(file), read_plan(mapping, kind), How.APPLY, "figures")
    began_s = clock.monotonic()
    done = run(centre, order, _told)
    took_s = clock.monotonic() - began_s
    for line in lines(done, "en"):
        typer.echo(line)
    assert balanced(done.run.tally, done.run.rows_done)
    with reading(centre.engine) as connection:
        assert check(connection) == []
    return took_s


def _told(done: int, total: int) -> None:
    if done % 100_000 == 0:
        typer.echo(f"{done} of {total}", err=True)


@contextmanager
def _centre(folder: Path, database: str) -> Iterator[Centre]:
    cluster = Cluster() if database == "postgresql" else None
    url = ""
    if cluster is not None:
        cluster.start(*DURABLE)
        name = cluster.create()
        url = cluster.url.set(database=name).render_as_string(hide_password=False)
    centre = initialise(Settings(data_dir=folder / "centre", database_url=url), *on_this_machine())
    import_stores(centre, STORES_CSV.encode(), How.APPLY)
    yield centre
    centre.engine.dispose()
    if cluster is not None:
        cluster.remove()


def _row(chance: random.Random, no: int) -> str:
    phone = f"9{no * 7919 % 10**9:09}"
    forms = (f"8 ({phone[:3]}) {phone[3:6]}-{phone[6:8]}-{phone[8:]}", f"+7{phone}", f"7{phone}")
    last = chance.choice(LAST_NAMES) if chance.random() < 0.5 else _made_up(chance)
    name = f"{last}а {chance.choice(FIRST_NAMES)} {chance.choice(MIDDLE_NAMES)}"
    points = f"{chance.randrange(90_000) / 100:.2f}".replace(".", ",")
    if no % 100 == 98:
        points = "нет"
    cells = (
        f"77{no:08}",
        chance.choice(("Золотая", "Чёрная")),
        chance.choice(forms),
        name,
        f"{chance.randrange(1, 29):02}.{chance.randrange(1, 13):02}.{chance.randrange(1950, 2006)}",
        f"m{no}@example.ru" if no % 2 else "",
        chance.choice(("101", "102")),
        points,
        "31.12.2030",
        f"{chance.randrange(10**7) / 100:.2f}",
    )
    return ";".join(cells)


def _made_up(chance: random.Random) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(3)).capitalize() + "ов"


if __name__ == "__main__":
    app()
