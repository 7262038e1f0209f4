"""Figure 2: most wishes to pay with points are granted in full, offline and online."""

from tests.figures.book import Json
from tests.figures.run import Row, Run
from tests.figures.shops import STORES, Profile, spent

USUAL_SPENDS, ONLINE_SPENDS = 2_000, 20_000
FEW = Profile("few", 0.05, visits=6, of_piece=500)
ALL_ONLINE = Profile("online", 0.0)
USUAL_MIN, ALL_MIN, ONLINE_MIN = 0.95, 0.88, 0.999


def measure(run: Run) -> list[Row]:
    """Let members come while few of the stores are offline, then while none is."""
    stores = run.of(STORES, least=8)
    few = spent(run, 2, FEW, stores, run.of(USUAL_SPENDS, least=10))
    online = spent(run, 2, ALL_ONLINE, stores, run.of(ONLINE_SPENDS, least=50))
    return _rows(few, online, stores)


def _share(told: Json, line: str, *wheres: str) -> float:
    asked = sum(int(told.get(f"{line} {where}", 0)) for where in wheres)
    full = sum(int(told.get(f"{line} {where} in full", 0)) for where in wheres)
    return full / max(1, asked)


def _rows(few: Json, online: Json, stores: int) -> list[Row]:
    asked = sum(few.get(f"offline {where}", 0) for where in ("usual", "elsewhere"))
    shape = (
        f"{stores} stores, 5 % of them offline for 8 h, 90 % of visits at home, half of the rest "
        "at the second store; wish = min(balance, 20 % of a log-normal receipt)"
    )
    offline = f"{asked} offline redemptions in {few['runs']} runs; {shape}"
    usual = _share(few, "offline", "usual")
    whole = _share(few, "offline", "usual", "elsewhere")
    served = _share(online, "online", "usual", "elsewhere")
    of_usual = "figure 2: offline redemptions at the two usual stores granted in full"
    of_all = "figure 2: all offline redemptions granted in full"
    of_online = "figure 2: redemptions granted in full with all stores online"
    how = f"{online['online spends']} redemptions in {online['runs']} runs of {stores} stores"
    return [
        _row(of_usual, usual, USUAL_MIN, offline),
        _row(of_all, whole, ALL_MIN, offline),
        _row(of_online, served, ONLINE_MIN, how),
    ]


def _row(name: str, ours: float, least: float, how: str) -> Row:
    return Row(name, ours, least, "of all", f">= {least}", ours >= least, how)
