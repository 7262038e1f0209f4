"""Disks die on both sides, and what docs/operations.md says is done, command by command.

    make restoring

A centre on SQLite and two stores as real processes. The centre's disk dies after a backup; a
store's folder is put back from an old copy; another store's disk dies while the line is down, and
its mirror is on another one.
"""

import shutil
import sys
from pathlib import Path

from central.centre import Centre
from central.estate.service import issue_enrol_code
from shared.wire.push import frames
from tests.deploy.front import Front, Shop, arrived
from tests.deploy.kit import folder_of
from tests.deploy.load import books_are_right
from tests.processes.estate import found
from tests.quiet import quiet

CODES = ("101", "102")
SALES = 20
LONG_S = 120.0
REPORTED = "no re"
"""Begins what `restored` says when it waits for nobody."""


def restore_all(folder: Path) -> bool:
    """Do it; print every step, and tell whether all is well."""
    data = folder / "centre"
    centre = found(data, "", list(CODES))
    front = Front(folder, data, centre.settings.database)
    try:
        front.start(0)
        front.open_proxy()
        one, two = (open_shop(front, centre, code) for code in CODES)
        sell(front)
        front.drain()
        copied = copy_store(front, two)
        backup = folder / "backups"
        backup.mkdir()
        tell(front.central("backup", "take", str(backup)).strip())
        sell(front)
        front.drain()
        centre.engine.dispose()
        restore_centre(front, data, next(backup.iterdir()))
        restore_store(front, two, copied)
        lose_store(front, centre, one)
        tell(f"kopilka central check: {front.central('check').strip()}")
        came, right = arrived(centre.engine, front.shops), books_are_right(centre)
        centre.engine.dispose()
    finally:
        front.close()
    sold = sum(len(shop.sold) for shop in front.shops)
    tell(f"{sold} sales told to tills; at the centre: {came}")
    return came == {"accepted": sold} and right


def restore_centre(front: Front, data: Path, backup: Path) -> None:
    """The centre's database is gone: the backup takes its place, and stores send what it lacks."""
    front.kill(0)
    for file in data.glob("central.db*"):
        file.unlink()
    shutil.copy(backup, data / "central.db")
    tell(f"kopilka central restored --yes: {front.central('restored', '--yes').strip()}")
    front.start(0)

    def reported() -> str | None:
        told = front.central("restored").strip()
        return told if told.startswith(REPORTED) else None

    tell(f"kopilka central restored: {front.patience.until('all reports', reported, LONG_S)}")


def restore_store(front: Front, shop: Shop, copied: Path) -> None:
    """A store's folder is put back from an old copy: the centre begins a new epoch for it."""
    front.stop_agent(shop)
    shutil.rmtree(shop.folder / "data")
    shutil.copytree(copied, shop.folder / "data")
    tell(f"kopilka agent restore: {front.agent(shop.code, 'restore').strip().splitlines()[-1]}")
    front.start_agent(shop)

    def begun() -> int | None:
        epoch = int(shop.till.status()["epoch"])
        return epoch if epoch > 1 else None

    epoch = front.patience.until("a new epoch", begun)
    tell(f"store {shop.code} works in epoch {epoch}")
    sell(front)
    front.drain()


def lose_store(front: Front, centre: Centre, shop: Shop) -> None:
    """A store's disk dies with sales that were not sent: the mirror is brought to the centre."""
    front.kill(0)
    for _ in range(SALES):
        shop.sell()
    front.patience.until("the mirror has every sale", lambda: _mirrored(shop) >= SALES or None)
    front.stop_agent(shop)
    shutil.rmtree(shop.folder / "data")
    front.start(0)
    for file in sorted((shop.folder / "mirror").glob("*.facts")):
        told = front.central("import-facts", str(file)).strip()
        tell(f"kopilka central import-facts: {told}")
    front.agent(shop.code, "enrol", "--code", issue_enrol_code(centre, shop.code))
    front.start_agent(shop)
    front.patience.until("the new machine knows the member", lambda: shop.till.find(shop.card))
    sell(front)
    front.drain()


def copy_store(front: Front, shop: Shop) -> Path:
    """Copy a store's folder while its agent does not run, and start it again."""
    front.stop_agent(shop)
    copied = shop.folder / "copied"
    shutil.copytree(shop.folder / "data", copied)
    front.start_agent(shop)
    return copied


def open_shop(front: Front, centre: Centre, code: str) -> Shop:
    """Open a store that sells to a member of its own."""
    shop = front.open_shop(code, issue_enrol_code(centre, code))
    shop.register(f"Покупатель {code}", f"+7916{int(code):07d}")
    return shop


def sell(front: Front) -> None:
    """Sell in every store."""
    for shop in front.shops:
        for _ in range(SALES):
            shop.sell()


def tell(what: str) -> None:
    """Say what was done."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _mirrored(shop: Shop) -> int:
    """Count the sales whose facts are in the store's mirror."""
    files = (shop.folder / "mirror").glob("*.facts")
    ids = {
        str(fact.id)
        for file in files
        for batch in frames(file.read_bytes())[0]
        for fact in batch.facts
    }
    return sum(sale["fact"] in ids for sale in shop.sold[-SALES:])


def main() -> None:
    """Run it."""
    with folder_of("restoring") as folder, quiet():
        sys.exit(not restore_all(folder))


if __name__ == "__main__":
    main()
