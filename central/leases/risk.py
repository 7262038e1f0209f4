"""What redeeming offline can cost at most: each programme's limit or passes, and each store
written off.

A programme is a pack by which a store may work now: the one in force, and those that were so since
it was heard last, for it may not have heard of another. Reads only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.agents import reports
from central.agents import store as agents
from central.agents.store import Agent
from central.centre import Centre
from central.estate import store as estate
from central.estate.rows import Store
from central.feed import service as feed
from central.leases.writeoff import UnknownHolderError
from central.ledger import figures
from central.ledger import service as ledger
from central.ledger.figures import Balances
from central.packs import store as shelf
from central.packs.library import Library, catalogue, in_force, in_force_since
from central.passes import store as passes
from central.passes.store import Outstanding
from shared.bearer import Bearer, worth_of
from shared.ids import minted_at
from shared.points import POINT, worth
from shared.rules.force import Place
from shared.rules.model import Pack
from shared.rules.moment import Moment
from shared.rules.pack import load_canonical
from shared.runtime.sqlite import reading

SILENT_AFTER = timedelta(minutes=1)
"""A store's agent that was not heard for so long may be redeeming offline."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Passes that a former life of the centre may have issued after the backup of which this one
    was made: one to every member, of the most points, good `until` then."""

    until: datetime
    passes: Outstanding


@dataclass(frozen=True, slots=True)
class Programme:
    """A pack by which some stores may work; of them are `silent` those not heard of now.

    `balances` is what members have today, in all and as far as a member's cap goes. `passes` are,
    by store, those that were not over when it was heard last: it may have redeemed by them, and by
    what a restored centre has `forgotten`.
    """

    pack: Pack
    stores: tuple[str, ...]
    silent: tuple[str, ...]
    balances: Balances
    passes: Mapping[str, Outstanding] = field(default_factory=dict)
    forgotten: Forgotten | None = None

    @property
    def point_value_minor(self) -> int:
        """Return what a point is worth at most, in kopecks."""
        return max((one.point_value_minor for one in self.pack.wallets.values()), default=POINT)

    def rubles(self, points: int) -> int:
        """Return what hundredths of a point are worth at most, in kopecks."""
        return worth(points, self.point_value_minor)

    def of_member(self, stores: int) -> int:
        """Return what one member can redeem beyond all leases (hundredths) in so many stores."""
        return stores * self.pack.policies.offline_member_points

    def of_all(self, stores: int) -> int:
        """Return what all members can, until the centre has heard of it."""
        policies = self.pack.policies
        at_members = self.balances.accounts * policies.offline_member_points
        return stores * min(policies.offline_store_points, at_members)

    def by_passes(self, stores: Iterable[str]) -> int:
        """Return what can be redeemed by all passes (hundredths) in these stores, each once."""
        return sum(self.passes[one].points for one in stores)

    def of_member_by_passes(self, stores: Iterable[str]) -> int:
        """Return what the account with most on its passes can redeem by them in these stores."""
        return sum(self.passes[one].of_member for one in stores)


@dataclass(frozen=True, slots=True)
class Held:
    """What one epoch of a store's agent holds: a write-off costs at most that.

    Hundredths of a point with their worth in kopecks; certificates in kopecks; uses of codes.
    """

    store: str
    epoch: int
    seen_at: datetime
    is_silent: bool
    lots: int
    points: int
    points_minor: int
    certificates_minor: int
    uses: int
    is_present: bool = True
    """Whether it is the epoch with which the store works now."""

    @property
    def worth_minor(self) -> int:
        """Return what it costs at most, in kopecks."""
        return self.points_minor + self.certificates_minor


@dataclass(frozen=True, slots=True)
class Risk:
    """Both bounds, and when they were taken."""

    at: datetime
    programmes: tuple[Programme, ...]
    held: tuple[Held, ...]


def risk(centre: Centre) -> Risk:
    """Return what offline redemption can cost now; nothing is changed."""
    at = centre.clock.now()
    with reading(centre.engine) as connection:
        known = agents.agents(connection)
        programmes = tuple(_programmes(connection, known, at))
        values = _values(one.pack for one in programmes)
        held = tuple(_held(connection, known, values, at))
    return Risk(at, programmes, held)


def held_by_store(centre: Centre, code: str) -> tuple[Held, ...]:
    """Return what each epoch of a store's agents holds: writing it off costs at most that.

    Raises UnknownHolderError.
    """
    at = centre.clock.now()
    with reading(centre.engine) as connection:
        known = agents.agents(connection)
        if code not in {agent.store for agent in known}:
            raise UnknownHolderError(store=code)
        values = _values(pack for pack, _ in _in_force(connection, known, at))
        return tuple(one for one in _held(connection, known, values, at) if one.store == code)


def value_in_store(centre: Centre, one: Store) -> int:
    """Return what a point is worth at most, in kopecks, by the pack that is in force in a store."""
    at = centre.clock.now()
    with reading(centre.engine) as connection:
        name = in_force(catalogue(connection), Place(one.code, one.region), Moment(at, one.zone))
        body = shelf.bodies(connection, [name]).get(name)
    return max(_values([load_canonical(body)] if body else []).values(), default=POINT)


def _programmes(
    connection: Connection, known: Iterable[Agent], at: datetime
) -> Iterable[Programme]:
    for pack, here in _in_force(connection, known, at):
        balances = figures.balances(connection, pack.policies.offline_member_points)
        forgotten = _forgotten(connection, pack, balances)
        yield Programme(
            pack,
            tuple(one.store for one in here),
            tuple(one.store for one in here if _is_silent(one, at)),
            balances,
            _passes(connection, pack, here, forgotten, at),
            forgotten,
        )


def _in_force(
    connection: Connection, known: Iterable[Agent], at: datetime
) -> Iterator[tuple[Pack, list[Agent]]]:
    """Find the packs by which some stores may work, with the agents of these."""
    library, known_packs, told = Library(), catalogue(connection), reports.latest(connection)
    by_pack: dict[str, list[Agent]] = {}
    for agent in (one for one in known if one.active_store is not None):
        zone = estate.zone_of(connection, agent.store)
        place = Place(agent.store, estate.region_of(connection, agent.store) or "")
        now = Moment(at, zone or "UTC")
        names = in_force_since(known_packs, place, agent.seen_at, now)
        names |= {told[agent.id].report.pack} if agent.id in told else set()
        for name in names:
            by_pack.setdefault(name, []).append(agent)
    for name, here in sorted(by_pack.items()):
        compiled = library.pack(connection, name)
        if compiled is not None:
            yield compiled.source, here


def _forgotten(connection: Connection, pack: Pack, balances: Balances) -> Forgotten | None:
    """Return what the present life of the centre may not know of the one before, if there was one.

    Unasked no second pass is issued while one is good, so nobody has more than one.
    """
    lives, terms = feed.lives(connection), pack.policies
    if len(lives) < 2 or terms.offline_redemption != "signed_pass":
        return None
    until = minted_at(lives[-1].incarnation) + timedelta(days=terms.offline_pass_days)
    count, each = balances.accounts, terms.offline_pass_points
    return Forgotten(until, Outstanding(count, count * each, each if count else 0))


def _passes(
    connection: Connection,
    pack: Pack,
    here: Iterable[Agent],
    forgotten: Forgotten | None,
    at: datetime,
) -> dict[str, Outstanding]:
    """Return by store the passes that it may take, or has taken since it was heard last."""
    if pack.policies.offline_redemption != "signed_pass":
        return {}
    lately = at - SILENT_AFTER
    since = {one.store: min(one.seen_at, lately) for one in here}
    found = {one: passes.outstanding(connection, one) for one in sorted(set(since.values()))}
    if forgotten is not None:
        found = {
            one: known.beside(forgotten.passes) if one < forgotten.until else known
            for one, known in found.items()
        }
    return {one: found[instant] for one, instant in since.items()}


def _values(packs: Iterable[Pack]) -> dict[str, int]:
    """Return by wallet what a point is worth at most, in kopecks."""
    values: dict[str, int] = {}
    for pack in packs:
        for name, wallet in pack.wallets.items():
            values[name] = max(values.get(name, 0), wallet.point_value_minor)
    return values


def _held(
    connection: Connection, known: Iterable[Agent], values: Mapping[str, int], at: datetime
) -> Iterable[Held]:
    by_id = {agent.id: agent for agent in known}
    sums = ledger.leased(connection)
    for holder in sorted(sums, key=lambda one: (by_id[one.agent].store, one.epoch, one.agent)):
        agent, wallets = by_id[holder.agent], sums[holder]
        of_all = worth_of({wallet: left for wallet, (_, left) in wallets.items()})
        is_present = agent.active_store is not None and agent.epoch == holder.epoch
        yield Held(
            store=agent.store,
            epoch=holder.epoch,
            seen_at=agent.seen_at,
            is_silent=not is_present or _is_silent(agent, at),
            lots=sum(lots for lots, _ in wallets.values()),
            points=of_all.points,
            points_minor=sum(
                worth(left, values.get(wallet, POINT))
                for wallet, (_, left) in wallets.items()
                if wallet not in frozenset(Bearer)
            ),
            certificates_minor=of_all.certificates_minor,
            uses=of_all.uses,
            is_present=is_present,
        )


def _is_silent(agent: Agent, at: datetime) -> bool:
    return at - agent.seen_at > SILENT_AFTER
