"""Steps of people at the centre: they give, publish, merge, write off, back up and restore."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from msgspec.structs import replace

from central.agents import streams
from central.backups import service as backups
from central.centre import Centre
from central.feed import service as feed
from central.leases.writeoff import write_off_store
from central.members.imports import COLUMNS, Row, import_lots
from central.owners_file import read_owners
from central.packs import keylist
from central.packs import store as packs
from central.passes.service import Renewal
from central.snapshots import service as snapshots
from shared.errors import LoyaltyError
from shared.ids import derived
from shared.ledger.entries import lot_id
from shared.runtime.sqlite import transaction
from shared.wire.feed import GLOBAL
from shared.wire.keylist import trusted_by
from shared.wire.rows import KeysRow
from tests.simulation.carried import CODES
from tests.simulation.clocks import START
from tests.simulation.files import rows_of
from tests.simulation.foreign import FOREIGN_LISTS, first_list
from tests.simulation.joining import Deed, merging, parting
from tests.simulation.passes import ask
from tests.simulation.passes import told as told_pass
from tests.simulation.plan import Fault, Step
from tests.simulation.programmes import FIRST_FROM, pack_text
from tests.simulation.rolling import Rolling, midnight_after, publish_next, repeating, roll, said
from tests.simulation.told import Points

if TYPE_CHECKING:
    from tests.simulation.world import World


def carry(world: World, _step: Step) -> str:
    """Bring certificates and promo codes into the world, some of them people's own."""
    central, codes = world.central, list(world.options.zones)
    central.order(lambda centre: world.carried.make_gifts(centre, codes))
    owners = {
        customer.no: _member_of(world, customer.cards[0])
        for customer in world.customers
        if customer.cards
    }
    count = len(codes) * CODES
    for use in central.order(lambda centre: world.carried.make_codes(centre, count, owners)):
        world.oracle.imported(use)
    return f"{len(world.carried.gifts)} {count} {len(owners)}"


def _member_of(world: World, card: str) -> Any:
    return read_owners(world.central.centre, f"identifier\n{card}\n".encode())[0]


def gift(world: World, step: Step) -> str:
    customer, args = world.customers[step.args["customer"]], step.args
    if not customer.cards:
        return "no card"
    days = timedelta(days=args["days"])
    expires_on = (START + days).date().isoformat()
    cells = (customer.cards[0], f"{args['points']}.00", "bonus", expires_on)
    row = Row(step.no, dict(zip(COLUMNS, cells, strict=True)))
    report = _import(world, row)
    if report.faults:
        return str(report)
    world.ordered.append(lambda: _import(world, row))
    document = derived("import", *cells, 1)
    account = _account_of(world, document)
    lot = lot_id(document, 0, account).hex
    world.oracle.imported(Points(lot, account.hex, args["points"] * 100))
    return lot


def _import(world: World, row: Row) -> Any:
    return world.central.order(lambda centre: import_lots(centre, [row], centre.clock.now()))


def _account_of(world: World, document: Any) -> Any:
    query = "SELECT account FROM lot WHERE document = ?"
    with world.central.centre.engine.connect() as connection:
        found = connection.exec_driver_sql(query, (document.hex,)).scalar_one()
    return UUID(found)


def issue_pass(world: World, step: Step) -> str:
    """Let the centre issue a pass to a customer, who has it on his phone from then on."""
    cards = world.customers[step.args["customer"]].cards
    if not cards:
        return "no card"
    renewal = Renewal.REPLACE if step.args["anew"] else Renewal.GIVE_AGAIN
    try:
        accounts = _accounts_of(world, _member_of(world, cards[0]))
        done = world.central.order(lambda centre: ask(centre, accounts, renewal))
    except LoyaltyError as refusal:
        return world.refused(refusal)
    world.purses.codes[step.args["customer"]].append(done.code)
    at_s, anew = world.central.centre.clock.now().timestamp(), renewal is Renewal.REPLACE
    world.oracle.passes.issued(*told_pass(done.granted), at_s=at_s, anew=anew)
    world.counts["passes issued"] += done.is_new
    return done.code


def _accounts_of(world: World, member: Any) -> list[Any]:
    query = "SELECT account FROM account WHERE member = ? ORDER BY account"
    with world.central.centre.engine.connect() as connection:
        found = connection.exec_driver_sql(query, (member.hex,)).scalars()
        return [UUID(account) for account in found]


def prune(world: World, _step: Step) -> str:
    """Let the centre keep no changes that are in its snapshots."""
    world.oracle.log.watch()
    old = timedelta(days=world.central.centre.settings.changes_kept_days, seconds=1)
    gone = world.central.order(lambda centre: snapshots.prune(centre, centre.clock.now() + old))
    world.counts["changes let go"] += gone
    return str(gone)


def keys(world: World, step: Step) -> str:
    """Let what a store reads travel under other keys, and the list of keys be a later one."""
    code = world.tills[step.store].code
    world.central.order(lambda centre: renew_keys(centre, code))
    if step.no % 2:
        world.central.hand_over()
        world.counts["root renewed"] += 1
    world.counts["keys renewed"] += 1
    return code


def old_list(world: World, step: Step) -> str:
    """Let somebody send a list of keys that does not count."""
    name, made = FOREIGN_LISTS[step.no % len(FOREIGN_LISTS)]
    row = made(world.central) if _know_the_root(world) else first_list(world.central)
    world.central.order(lambda centre: _send_list(centre, row))
    world.counts["older list"] += 1
    return name


def _know_the_root(world: World) -> bool:
    """Tell whether every store has heard of the present root, and no disk forgets it again.

    One that has not follows whoever has stolen the former one, if it hears him first.
    """
    heard = [world.lists.get(tills.code, 0) for tills in world.everywhere()]
    forgets = {Fault.IMAGE, Fault.CLONE, Fault.ROWS} & {*world.options.faults}
    return min(heard) >= world.central.root_version and not forgets


def write_off(world: World, step: Step) -> str:
    """Let the centre give up a store."""
    code = world.tills[step.store].code
    world.oracle.writing_off(code)
    lots, points = world.central.order(lambda centre: write_off_store(centre, code))
    world.counts["written off"] += 1
    return f"{lots} {points}"


def backup(world: World, _step: Step) -> str:
    """Copy the centre's database, as an operator does who confirms it afterwards."""
    number = world.central.order(lambda centre: backups.begin(centre, centre.clock.now()))
    world.central.back_up()
    world.oracle.backed_up()
    world.central.order(lambda centre: backups.confirm(centre, number, centre.clock.now()))
    return str(number)


def restore(world: World, _step: Step) -> str:
    """Put the centre's backup back; people import and publish again what they had since."""
    # What the centre has granted itself stores may spend, whatever its backup lacks.
    known = rows_of(world.oracle.central, "SELECT account FROM account")
    world.oracle.check_accounts(account for (account,) in known)
    if not world.central.restore():
        return "none"
    world.oracle.restored()
    for again in world.ordered:
        again()
    world.counts["centre restored"] += 1
    return world.central.centre.incarnation.hex


def merge(world: World, step: Step) -> str:
    """Let an operator make two customers one member."""
    cards = [world.customers[step.args[name]].cards for name in ("customer", "other")]
    if not all(cards):
        return "no card"
    return _deed(world, "merged", merging(cards[0][0], cards[1][0]))


def part(world: World, step: Step) -> str:
    """Let an operator part one of two customers who were made one, whichever has joined."""
    done = "no card"
    for name in ("customer", "other"):
        cards = world.customers[step.args[name]].cards
        done = _deed(world, "parted", parting(cards[0])) if cards else "no card"
        if done == "parted":
            break
    return done


def _deed(world: World, name: str, deed: Deed) -> str:
    try:
        world.central.order(deed)
    except LoyaltyError as refusal:
        return refusal.code
    world.ordered.append(lambda: _deed_again(world, deed))
    world.counts[name] += 1
    return name


def _deed_again(world: World, deed: Deed) -> None:
    """Repeat a deed for a restored centre, which may know of it, or not of its members yet."""
    with suppress(LoyaltyError):
        world.central.order(deed)


def publish(world: World, step: Step) -> str:
    version = step.args["version"]
    at = step.args.get("at", f"{(START + timedelta(days=version - 1)).date()}T00:00")
    options = world.options
    text = pack_text(options.programme, version, at, options.caps, options.of_pass)
    told = world.central.order(lambda centre: publish_next(centre, text))
    _published(world, lambda centre: publish_next(centre, text))
    return told


def roll_out(world: World, step: Step) -> str:
    """Let people try a pack in a store, widen it, halt it, or roll it back."""
    options, args = world.options, step.args
    text = pack_text(options.programme, args["percent"], FIRST_FROM, options.caps, options.of_pass)
    later = midnight_after(world.time.at) if args["later"] else ""
    wanted = Rolling(args["kind"], world.at(step.store).code[:3], text, later)
    try:
        done = world.central.order(lambda centre: roll(centre, wanted))
    except LoyaltyError as refusal:  # of a repetition, when the centre was killed in between
        world.oracle.times.published(said(world.central.centre))
        return refusal.code
    world.counts["pack rolled"] += 1
    _published(world, lambda centre: roll(centre, wanted))
    return done


def _published(world: World, deed: Callable[[Centre], object]) -> None:
    """Tell the judge what is published now; a restored centre is told it again."""
    repeated = repeating(deed)

    def once_more() -> None:
        world.central.order(repeated)
        world.oracle.times.published(said(world.central.centre))

    world.ordered.append(once_more)
    world.oracle.times.published(said(world.central.centre))


def renew_keys(centre: Centre, store: str) -> None:
    """Let a store read by new keys, and the list name who signs passes, or no longer do so."""
    with transaction(centre.engine) as connection:
        streams.renew_keys(connection, store)
        newest = packs.newest_keys(connection)
        assert newest is not None
        told = trusted_by(newest)
        signers = () if told.pass_keys else (centre.keys.passes.public,)
        keylist.send(connection, centre.keys, replace(told, pass_keys=signers))


def _send_list(centre: Centre, row: KeysRow) -> None:
    with transaction(centre.engine) as connection:
        feed.append(connection, [feed.changed(GLOBAL, row)])


STEPS: dict[str, Callable[[World, Step], str]] = {
    "carry": carry,
    "gift": gift,
    "pass": issue_pass,
    "prune": prune,
    "keys": keys,
    "old-list": old_list,
    "write-off": write_off,
    "backup": backup,
    "restore": restore,
    "merge": merge,
    "part": part,
    "publish": publish,
    "roll": roll_out,
}
