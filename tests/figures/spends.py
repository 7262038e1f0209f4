"""Figure 1: stores that do not hear of each other spend no point twice."""

from tests.figures.run import Row, Run
from tests.figures.shops import CLOCK_H, STORES, Profile, spent

SPENDS = 1_000_000
TORN = Profile(
    "torn",
    offline=0.5,
    clocks=0.3,
    visits=160,
    members=5,
    only_offline=True,
    silent=2,
    gift=24_000,
    of_piece=50_000,
)


def measure(run: Run) -> list[Row]:
    """Let stores spend in pieces until enough was spent offline."""
    stores = run.of(STORES, least=8)
    torn = spent(run, 1, TORN, stores, run.of(SPENDS, least=50))
    return [
        Row(
            "figure 1: points overspent beyond what a written-off store held",
            max(0, torn["owed"] - torn["held"]),
            0,
            "hundredths",
            "0",
            kept=True,
            how=f"{torn['offline spends']} offline spends in {torn['runs']} runs of {stores} "
            "stores in virtual time, real services of agents and centre, half of the lines down "
            f"for 8 h at a time, a third of those clocks wrong by up to {CLOCK_H} h, two stores "
            "silent to the end, in every second run one of them written off: "
            f"{torn['owed']} hundredths owed of {torn['held']} that it held; "
            "what was printed is what is booked, the ledger's laws hold",
        )
    ]
