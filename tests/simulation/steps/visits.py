"""Steps of customers at tills: they register, buy, pay, bring goods back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.errors import LoyaltyError
from shared.receipt import Redeem
from tests.simulation import editing
from tests.simulation.goods_back import code_of, swap, take_back, undo
from tests.simulation.plan import Step
from tests.simulation.till import (
    LeftError,
    OpenReceipt,
    Tills,
    Wanted,
    priced_as,
)
from tests.simulation.told import ViolationError

if TYPE_CHECKING:
    from tests.simulation.world import World

FISCAL_SHARE = 0.2
"""Of visits, in which the till tells what its fiscal clock shows."""
FISCAL_OFF_S = 120


def register(world: World, step: Step) -> str:
    tills, customer = world.at(step.store), world.customers[step.args["customer"]]
    try:
        return tills.register(customer, step.args["variant"]).state
    except LoyaltyError as refusal:
        return world.refused(refusal)


def edit(world: World, step: Step) -> str:
    """Let somebody have his profile changed, unless his card is limited to one account."""
    tills, customer = world.at(step.store), world.customers[step.args["customer"]]
    found = tills.member(customer.cards[0]) if customer.cards else None
    if found is None or found.account is not None:
        return "nobody"
    args, taken = dict(step.args), step.args["phone_of"]
    if taken >= 0:
        args["phone"] = world.customers[taken].phone
    try:
        told = editing.change(tills, found, customer, args, step.no)
    except LoyaltyError as refusal:
        return world.refused(refusal)
    world.oracle.edited(told)
    world.edited.add(customer.no)
    world.counts["edits"] += 1
    return told.uid


def sell(world: World, step: Step) -> str:
    tills, args = world.at(step.store), step.args
    wanted = Wanted(
        tuple((sku, quantity) for sku, quantity in args["items"]),
        Redeem(args["redeem"]),
        args["share"],
        args["reserve"],
        *_carrying(world, args),
        world.pass_shown(args["customer"]),
    )
    _show_fiscal_time(world, tills)
    try:
        found = customer_at(world, tills, args["customer"])
        receipt = tills.open(args["receipt"], wanted, found)
    except LeftError:
        world.counts["customer left"] += 1
        return "left"
    except LoyaltyError as refusal:
        world.oracle.times.refused(world.oracle.stores[tills.code], refusal.code)
        return world.refused(refusal)
    _judge_time(world, receipt)
    world.sightings.opened(receipt, world.receipts.values())
    world.receipts[receipt.name] = receipt
    return receipt.claim.digest if wanted.reserve else finish(world, receipt, "pay")


def _judge_time(world: World, receipt: OpenReceipt) -> None:
    priced, code = priced_as(receipt.claim), receipt.tills.code
    world.oracle.times.check(world.oracle.stores[code], priced, world.time.at)
    if priced.is_trusted and priced.pack != world.first_pack:
        world.sightings.repriced(world.options.zones[code[:3]])


def _show_fiscal_time(world: World, tills: Tills) -> None:
    """Let the till tell by chance what its fiscal clock shows, right within minutes."""
    time = tills.machine.station.time
    if world.chance.random() < FISCAL_SHARE:
        before = time.seen().trust
        off = timedelta(seconds=world.chance.randrange(-FISCAL_OFF_S, FISCAL_OFF_S))
        time.confirm(world.time.at + off)
        world.counts["times confirmed by a fiscal clock"] += before is not time.seen().trust


def _carrying(world: World, args: dict[str, Any]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the certificate that is bought, those that pay, and the promo codes.

    None of them is there in a history from which the step was left out that makes them.
    """
    carried = world.carried
    gift = carried.gifts[args["gift"]] if "gift" in args and carried.gifts else ""
    codes = [carried.codes[no] for no in args.get("codes", ()) if carried.codes]
    if args.get("own") and args["customer"] in carried.personal:
        codes.append(carried.personal[args["customer"]])
    if args.get("coupon") and carried.coupons:
        codes.append(world.chance.choice(carried.coupons))
    paying = tuple(carried.gifts[no] for no in args.get("certificates", ()) if carried.gifts)
    return gift, paying, tuple(codes)


def customer_at(world: World, tills: Tills, customer: int | None) -> Any:
    """Return whom a customer's newest card means; without a card nobody, or his phone."""
    if customer is None:
        return None
    who = world.customers[customer]
    return tills.member(who.cards[-1] if who.cards else who.phone)


def pay(world: World, step: Step) -> str:
    receipt = world.receipts.get(step.args["receipt"])
    return "none" if receipt is None else finish(world, receipt, "pay")


def cancel(world: World, step: Step) -> str:
    receipt = world.receipts.get(step.args["receipt"])
    return "none" if receipt is None else finish(world, receipt, "cancel")


def finish(world: World, receipt: OpenReceipt, how: str) -> str:
    tills, known = receipt.tills, receipt.committed
    if known is not None and known.fact.hex in world.oracle.stores[tills.code].lost:
        return "paid"  # on a disk that knows nothing of it, it would be sold twice
    if how == "cancel" and known is None:
        tills.cancel(receipt)
        del world.receipts[receipt.name]
        return "cancelled"
    try:
        committed = tills.pay(receipt)
    except LoyaltyError as refusal:
        if known is not None and refusal.code == "receipt_ended":
            return refusal.code  # it was answered once, and is long paid
        if receipt.order is None:
            raise ViolationError("paid receipt", f"refused with {refusal.code}") from refusal
        return refusal.code
    world.carried.coupons += committed.coupons
    return f"{committed.fact.hex} {committed.seq} {committed.balance_points}"


def bring_back(world: World, step: Step) -> str:
    receipt = world.receipts.get(step.args["receipt"])
    if receipt is None or receipt.committed is None:
        return "none"
    tills = _returned_at(world, step, receipt)
    try:
        elsewhere = tills is not receipt.tills
        slip = code_of(receipt) if elsewhere and step.args.get("slip") else ""
        told = take_back(tills, receipt, step.args["share"], slip)
    except LoyaltyError as refusal:
        return world.refused(refusal)
    world.counts["returns elsewhere" if elsewhere else "returns"] += 1
    lost = world.oracle.stores[tills.code].lost
    world.counts["returns of what a disk had lost"] += receipt.committed.fact.hex in lost
    return told


def void(world: World, step: Step) -> str:
    receipt = world.receipts.get(step.args["receipt"])
    if receipt is None or receipt.committed is None:
        return "none"
    try:
        told = undo(receipt.tills, receipt)
    except LoyaltyError as refusal:
        return world.refused(refusal)
    world.counts["voids"] += 1
    return told


def exchange(world: World, step: Step) -> str:
    receipt, args = world.receipts.get(step.args["receipt"]), step.args
    if receipt is None or receipt.committed is None:
        return "none"
    items = tuple((sku, quantity) for sku, quantity in args["items"])
    tills, redeem = _returned_at(world, step, receipt), Redeem(args["redeem"])
    try:
        new, told = swap(tills, args["new"], receipt, args["share"], items, redeem)
    except LoyaltyError as refusal:
        return world.refused(refusal)
    world.receipts[new.name] = new
    _judge_time(world, new)
    world.counts["exchanges"] += 1
    return told


def _returned_at(world: World, step: Step, receipt: OpenReceipt) -> Tills:
    """Return where goods come back: where they were sold, or at another store."""
    here = world.at(step.store)
    return receipt.tills if here.code[:3] == receipt.tills.code[:3] else here


def activate(world: World, step: Step) -> str:
    tills = world.at(step.store)
    try:
        found = customer_at(world, tills, step.args["customer"])
        return "nobody" if found is None else tills.activate(found)
    except LoyaltyError as refusal:
        return world.refused(refusal)


STEPS: dict[str, Callable[[World, Step], str]] = {
    "register": register,
    "edit": edit,
    "sell": sell,
    "pay": pay,
    "cancel": cancel,
    "return": bring_back,
    "void": void,
    "exchange": exchange,
    "activate": activate,
}
