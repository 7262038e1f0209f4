"""A store's requisites changed by a person, who may not be the only one."""

from dataclasses import asdict

import structlog

from central.centre import Centre
from central.estate import service as estate
from central.estate import store
from central.estate.rows import CsvRow, Store, parse_store
from central.estate.service import How, UnknownStoreError
from central.meanwhile import merged
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

log = structlog.get_logger()


@retried
def edit_store(centre: Centre, code: str, typed: CsvRow, seen: CsvRow) -> Store:
    """Write what of a store's requisites was typed otherwise than it was seen.

    Raises UnknownStoreError, BadCellError, ChangedMeanwhileError.
    """
    with transaction(centre.engine) as connection:
        known = {one.code: one for one in store.stores(connection)}
        if code not in known:
            raise UnknownStoreError(store=code)
        item = parse_store(merged(cells_of(known[code]), typed, seen))
        estate.take(connection, [item], How.APPLY, estate.STORES)
    log.info("store.saved", store=code)
    return item


def cells_of(one: Store) -> dict[str, str]:
    """Return a store as forms and files write it."""
    return {**asdict(one), "tills": ";".join(one.tills)}
