"""What people change of stores: requisites, cashiers, and who works for them."""

from central.console import fleet
from central.console.ask import Answer, Ask, Go, Page
from central.estate import service as estate
from central.leases import writeoff
from central.settling import revoking
from shared.points import format_points
from shared.rules.wording import Wording

STORE_FIELDS = ("name", "address", "region", "zone", "legal_name", "tax_number", "tills")


def new_store(_ask: Ask) -> Page:
    """Ask for a store's requisites."""
    return Page("new_store")


def add(ask: Ask) -> Answer:
    """Write a new store, or a known one's requisites."""
    cells = {name: ask.text(name) for name in ("code", *STORE_FIELDS)}
    saved = estate.save_store(ask.centre, cells)
    return Go(_page(saved.code), "saved")


def edit(ask: Ask) -> Answer:
    """Write a store's requisites; its tills print them on the next slip."""
    cells = {name: ask.text(name) for name in STORE_FIELDS}
    estate.save_store(ask.centre, {**cells, "code": ask.path["store"]})
    return Go(_page(ask.path["store"]), "saved")


def save_cashier(ask: Ask) -> Answer:
    """Write a cashier of a store."""
    cells = {name: ask.text(name) for name in ("no", "name", "role", "pin")}
    estate.save_cashier(ask.centre, {**cells, "store": ask.path["store"]})
    return Go(_page(ask.path["store"]), "saved")


def remove_cashier(ask: Ask) -> Answer:
    """Take a cashier from a store."""
    estate.remove_cashier(ask.centre, ask.path["store"], ask.path["no"])
    return Go(_page(ask.path["store"]), "removed")


def enrol(ask: Ask) -> Answer:
    """Show once a code with which an agent enrols: of a new store, or in a dead one's place."""
    code = estate.issue_enrol_code(ask.centre, ask.path["store"])
    command = f"kopilka agent enrol --code {code}"
    return Page("enrol", {"store": ask.path["store"], "code": code, "command": command})


def fence(ask: Ask) -> Answer:
    """Let a store's agent work for it no more."""
    revoking.fence_agent(ask.centre, ask.path["store"])
    return Go(_page(ask.path["store"]), "fenced")


def revoke(ask: Ask) -> Answer:
    """Let nothing count that a stolen machine signs from now on."""
    revoking.revoke_agent(ask.centre, ask.path["store"])
    return Go(_page(ask.path["store"]), "revoked")


def renew_keys(ask: Ask) -> Answer:
    """Let what a store reads travel under new keys."""
    revoking.renew_keys(ask.centre, ask.path["store"])
    return Go(_page(ask.path["store"]), "renewed")


def write_off(ask: Ask) -> Answer:
    """Free what a store held that will not come back."""
    lots, points = writeoff.write_off_store(ask.centre, ask.path["store"])
    told = format_points(points)
    words = Wording(f"Освобождено партий {lots}, бонусов {told}.", f"{lots} lots, {told} points.")
    page = fleet.one_store(ask)
    return Page(page.template, page.content, notice=words)


def _page(code: str) -> str:
    return f"/console/stores/{code}"
