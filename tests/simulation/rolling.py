"""Packs brought to some stores first, widened, halted and rolled back, as people do it in a run."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from central.centre import Centre
from central.packs import store as packs
from central.packs.publishing import Act, Announcement
from central.packs.service import StaleVersionError, publish
from central.rollout import service
from central.rollout.service import Scope, Word
from shared.errors import LoyaltyError
from shared.rules.pack import load_canonical
from shared.runtime.sqlite import reading
from tests.simulation.times import Said

WORD = Word("Ольга")


@dataclass(frozen=True, slots=True)
class Rolling:
    """An act of a plan: what is done, in which store, and by which pack's text if a new one is."""

    kind: str
    store: str
    text: str
    later: str
    """A store-local midnight, for what does not count at once."""


def said(centre: Centre) -> list[Said]:
    """Return what the centre has published, for the judge."""
    with reading(centre.engine) as connection:
        acts = packs.publications(connection)
    return [
        Said(one.no, one.pack, one.replaces, one.at, one.effective_from, one.stores) for one in acts
    ]


def publish_next(centre: Centre, text: str) -> str:
    """Publish a text, under a higher version if people have published others meanwhile."""
    try:
        return publish(centre, text).hash
    except StaleVersionError:
        return publish(centre, _renumbered(centre, text)).hash


def roll(centre: Centre, wanted: Rolling) -> str:
    """Do an act with the pack that was published last; return what came of it."""
    if wanted.kind == "canary":
        terms = Announcement("", wanted.later, stores=(wanted.store,), act=Act.PUBLISH)
        return publish(centre, _renumbered(centre, wanted.text), terms).hash
    with reading(centre.engine) as connection:
        newest = packs.latest(connection)
    assert newest is not None
    here = Scope(stores=(wanted.store,))
    if wanted.kind == "halt_rule":
        rules = load_canonical(newest.body).rules
        rule = rules[len(rules) // 2].id
        return service.halt_campaign(centre, newest.hash, rule, WORD).hash
    acts: dict[str, Callable[[], object]] = {
        "widen": lambda: service.widen(centre, newest.hash, Scope(), wanted.later, WORD),
        "halt": lambda: service.halt(centre, newest.hash, here, WORD),
        "rollback": lambda: service.roll_back(centre, newest.hash, "", wanted.later, WORD),
    }
    acts[wanted.kind]()
    return wanted.kind


def repeating(deed: Callable[[Centre], object]) -> Callable[[Centre], None]:
    """Return a deed as it is repeated for a restored centre, which may know of it."""

    def repeated(centre: Centre) -> None:
        with suppress(LoyaltyError):
            deed(centre)

    return repeated


def _renumbered(centre: Centre, text: str) -> str:
    with reading(centre.engine) as connection:
        newest = packs.latest(connection)
        assert newest is not None
        highest = packs.newest_version(connection, newest.name) or 1
    before, _, rest = text.partition("\nversion: ")
    return f"{before}\nversion: {highest + 1}\n{rest.partition(chr(10))[2]}"


def midnight_after(at: datetime) -> str:
    """Return the next midnight of clocks near UTC, as stores' clocks will show it."""
    return f"{at.date().fromordinal(at.date().toordinal() + 1).isoformat()}T00:00:00"
