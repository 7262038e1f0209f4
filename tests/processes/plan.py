"""The plan of a torment: blows to processes and lines, drawn from one seed in advance."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from demo.proxy import Mode


class Kind(StrEnum):
    """What is done to whom; a line is hurt as its mode says, for a while."""

    AGENT_KILL = "agent kill -9"
    AGENT_KILL_TWICE = "agent kill -9, again as it starts"
    AGENT_STOP = "agent SIGSTOP"
    AGENT_RESTART = "agent restart"
    CENTRE_KILL = "centre kill -9"
    CENTRE_STOP = "centre SIGSTOP"
    CENTRE_RESTART = "centre restart"
    LINE_REFUSE = "line cut"
    LINE_HANG = "line frozen"
    LINE_HALF_OPEN = "line half open"
    LINE_SLOW = "line slow"
    LINE_TORN = "line torn"

    @property
    def mode(self) -> Mode:
        """Return what the line does meanwhile."""
        return Mode[self.name.removeprefix("LINE_")]


_DOWN_S = (0.0, 0.8)
_STOPPED_S = (0.2, 3.0)
_STARTING_S = (0.1, 1.5)
_HURT_S = (0.3, 4.0)
USUAL: dict[Kind, int] = {
    Kind.AGENT_KILL: 26,
    Kind.AGENT_KILL_TWICE: 5,
    Kind.AGENT_STOP: 14,
    Kind.AGENT_RESTART: 5,
    Kind.CENTRE_KILL: 10,
    Kind.CENTRE_STOP: 5,
    Kind.CENTRE_RESTART: 2,
    Kind.LINE_REFUSE: 8,
    Kind.LINE_HANG: 7,
    Kind.LINE_HALF_OPEN: 7,
    Kind.LINE_SLOW: 4,
    Kind.LINE_TORN: 7,
}
"""How often each kind comes, as weights."""


@dataclass(frozen=True, slots=True)
class Options:
    """What makes a run; the processes themselves are as fast as the machine lets them."""

    seed: int = 1
    stores: int = 4
    cycles: int = 300
    tills: int = 2
    """Of one store."""
    kinds: tuple[Kind, ...] = tuple(Kind)
    weights: Mapping[Kind, int] = field(default_factory=lambda: USUAL)
    """How often each of them comes."""
    at_once: int = 3
    """Blows that are under way at a time."""
    of_round: int = 25
    """Blows between two truces, in which all heals, drains and is judged."""
    length: float = 1.0
    """Times the usual length of a blow."""
    database_url: str = ""
    """Of the centre; a file of its own by default."""

    @property
    def codes(self) -> list[str]:
        """Name the stores."""
        return [str(101 + no) for no in range(self.stores)]


@dataclass(frozen=True, slots=True)
class Blow:
    """One misfortune: to which store (the centre's blows name one too), for how many seconds."""

    no: int
    kind: Kind
    store: int
    for_s: float


def make_plan(options: Options) -> list[Blow]:
    """Return the blows of a run; every kind comes once before chance decides."""
    chance = random.Random(f"torment/{options.seed}")
    weights = [options.weights[kind] for kind in options.kinds]
    first = chance.sample(options.kinds, min(len(options.kinds), options.cycles))
    more = chance.choices(options.kinds, weights, k=options.cycles - len(first))
    return [
        Blow(
            no,
            kind,
            chance.randrange(options.stores),
            chance.uniform(*_span(kind)) * options.length,
        )
        for no, kind in enumerate([*first, *more], 1)
    ]


def _span(kind: Kind) -> tuple[float, float]:
    if kind is Kind.AGENT_KILL_TWICE:
        return _STARTING_S
    if kind in (Kind.AGENT_STOP, Kind.CENTRE_STOP):
        return _STOPPED_S
    return _HURT_S if kind.name.startswith("LINE") else _DOWN_S
