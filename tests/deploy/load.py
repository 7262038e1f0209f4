"""Tills that sell while something is done to the centre, and what is said of it at the end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from central.centre import Centre
from central.ledger.audit import check
from shared.runtime.sqlite import reading
from tests.deploy.front import Front


@contextmanager
def selling(front: Front) -> Iterator[None]:
    """Let every till sell all the while."""
    stop = threading.Event()
    threads = [threading.Thread(target=shop.sell_until, args=(stop,)) for shop in front.shops]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def wait_for_sales(front: Front, more: int) -> None:
    """Wait until every till has sold so often again."""
    wanted = {shop.code: len(shop.sold) + more for shop in front.shops}

    def enough() -> bool | None:
        return all(len(shop.sold) >= wanted[shop.code] for shop in front.shops) or None

    front.patience.until(f"{more} sales in every store", enough)


def books_are_right(centre: Centre) -> bool:
    """Tell whether the ledger's laws hold."""
    with reading(centre.engine) as connection:
        return check(connection) == []
