"""The product's log, kept out of what tests and benches print."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

SILENT = 50
"""The level that nothing in the product logs at."""


@contextmanager
def quiet() -> Iterator[None]:
    """Log nothing meanwhile."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(SILENT))
    try:
        yield
    finally:
        structlog.configure(**before)
