"""Addresses of the board, of stores and of alerts, with the right that each takes."""

from typing import Final

from central.console import fleet, stores
from central.console.ask import Way
from central.people.roles import Right

FLEET: Final = (
    Way("GET", "/fleet", Right.SEE_FLEET, fleet.board),
    Way("GET", "/alerts", Right.SEE_FLEET, fleet.alerts),
    Way("GET", "/stores/{store}", Right.SEE_FLEET, fleet.one_store),
    Way("GET", "/new-store", Right.EDIT_ESTATE, stores.new_store),
    Way(
        "POST",
        "/new-store",
        Right.EDIT_ESTATE,
        stores.add,
        "store_added",
        ("code",),
        stores.new_store,
    ),
    Way(
        "POST",
        "/stores/{store}",
        Right.EDIT_ESTATE,
        stores.edit,
        "store_edited",
        stores.STORE_FIELDS,
        fleet.one_store,
    ),
    Way(
        "POST",
        "/stores/{store}/cashiers",
        Right.EDIT_ESTATE,
        stores.save_cashier,
        "cashier_saved",
        ("no", "role"),
        fleet.one_store,
    ),
    Way(
        "POST",
        "/stores/{store}/cashiers/{no}/remove",
        Right.EDIT_ESTATE,
        stores.remove_cashier,
        "cashier_removed",
        (),
        fleet.one_store,
    ),
    Way(
        "POST",
        "/stores/{store}/enrol",
        Right.RUN_FLEET,
        stores.enrol,
        "enrol_code_issued",
        (),
        fleet.one_store,
    ),
    Way(
        "POST",
        "/stores/{store}/keys",
        Right.RUN_FLEET,
        stores.renew_keys,
        "keys_renewed",
        (),
        fleet.one_store,
    ),
    Way(
        "POST",
        "/stores/{store}/fence",
        Right.RUN_FLEET,
        stores.fence,
        "agent_fenced",
        (),
        fleet.one_store,
    ),
    Way(
        "POST",
        "/stores/{store}/revoke",
        Right.RUN_FLEET,
        stores.revoke,
        "agent_revoked",
        (),
        fleet.one_store,
    ),
    Way(
        "POST",
        "/stores/{store}/write-off",
        Right.RUN_FLEET,
        stores.write_off,
        "leases_written_off",
        (),
        fleet.one_store,
    ),
)
