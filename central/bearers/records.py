"""Records of what people and sales have done to certificates, codes and budgets."""

from sqlalchemy import Connection

from central.bearers import store
from central.bearers.store import Record
from central.centre import Centre
from shared.ids import uuid7


def record(connection: Connection, centre: Centre, subject: str, step: str, what: str) -> None:
    """Write what is done, in the transaction that does it."""
    at = centre.clock.now()
    new = Record(uuid7(at, centre.chance), subject, at, step, what)
    store.insert_records(connection, [new])
