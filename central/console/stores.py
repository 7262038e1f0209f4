"""What people change of stores: requisites, cashiers, and who works for them."""

from collections.abc import Iterator
from contextlib import contextmanager

from central.console import fleet
from central.console.ask import Answer, Ask, Go, Page, bad_field
from central.console.words import WORDS
from central.estate import service as estate
from central.estate.editing import edit_store
from central.estate.rows import BadCellError
from central.leases import writeoff
from central.settling import revoking
from shared.errors import Kind, LoyaltyError
from shared.points import format_points
from shared.rules.wording import Wording

STORE_FIELDS = ("name", "address", "region", "zone", "legal_name", "tax_number", "tills")


LABELS = {
    "code": "store_code",
    "name": "col_name",
    "address": "address",
    "region": "col_region",
    "zone": "zone",
    "legal_name": "legal_name",
    "tax_number": "tax_number",
    "tills": "tills",
    "no": "col_no",
    "role": "col_role",
    "pin": "pin",
}
"""Of columns of files: the word of the field that stands for it in a form."""


class KnownStoreError(LoyaltyError):
    """A new store with the code of one that there is."""

    kind = Kind.CONFLICT
    code = "known_store"
    ru = "Магазин {store} уже есть: реквизиты меняются на его странице."
    en = "There is a store {store} already: its requisites are changed on its page."


def new_store(_ask: Ask) -> Page:
    """Ask for a store's requisites."""
    return Page("new_store")


def add(ask: Ask) -> Answer:
    """Write a new store; raises KnownStoreError."""
    cells = {name: ask.text(name) for name in ("code", *STORE_FIELDS)}
    if cells["code"] in {one.code for one in estate.stores(ask.centre)}:
        raise KnownStoreError(store=cells["code"])
    with _by_their_labels():
        saved = estate.save_store(ask.centre, cells)
    return Go(_page(saved.code), "saved")


def edit(ask: Ask) -> Answer:
    """Write a store's requisites; its tills print them on the next slip."""
    cells = {name: ask.text(name) for name in STORE_FIELDS}
    with _by_their_labels():
        edit_store(ask.centre, ask.path["store"], cells, ask.seen(STORE_FIELDS))
    return Go(_page(ask.path["store"]), "saved")


def save_cashier(ask: Ask) -> Answer:
    """Write a cashier of a store."""
    cells = {name: ask.text(name) for name in ("no", "name", "role", "pin")}
    with _by_their_labels(name="name"):
        estate.save_cashier(ask.centre, {**cells, "store": ask.path["store"]})
    return Go(_page(ask.path["store"]), "saved")


def remove_cashier(ask: Ask) -> Answer:
    """Take a cashier from a store."""
    estate.remove_cashier(ask.centre, ask.path["store"], ask.path["no"])
    return Go(_page(ask.path["store"]), "removed")


def enrol(ask: Ask) -> Answer:
    """Show once a code with which an agent enrols: of a new store, or in a dead one's place."""
    code = estate.issue_enrol_code(ask.centre, ask.path["store"])
    commands = (f"kopilka-agent enrol --code {code}", "systemctl enable --now kopilka-agent")
    return Page("enrol", {"store": ask.path["store"], "code": code, "commands": commands})


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


@contextmanager
def _by_their_labels(**others: str) -> Iterator[None]:
    """Call a field that is refused as the form does, and not as a file's column."""
    try:
        yield
    except BadCellError as error:
        told = {name: str(value) for name, value in error.details.items()}
        label = {**LABELS, **others}.get(told["column"])
        if label is None:
            raise
        wants = (f"нужно {told['wants_ru']}", f"{told['wants_en']} is needed")
        raise bad_field(WORDS[label].ru, WORDS[label].en, *wants) from error


def _page(code: str) -> str:
    return f"/console/stores/{code}"
