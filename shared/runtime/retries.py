"""Use cases that the database broke off for another's sake are run again, whole."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from shared.runtime.postgres import is_transient, sqlstate

TRIES_MAX = 5

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger()


def retried(use_case: Callable[P, T]) -> Callable[P, T]:
    """Run a use case of one transaction again when PostgreSQL chose it as a deadlock's victim.

    So too when another transaction was faster to write a row that is there once: it is seen the
    next time. Nothing of a failed try is left in the database; what the use case did beside it, it
    does again. After `TRIES_MAX` tries the last failure is raised. SQLite lets one transaction
    write at a time, and nothing is repeated there.
    """

    @wraps(use_case)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for left in range(TRIES_MAX - 1, -1, -1):
            try:
                return use_case(*args, **kwargs)
            except DBAPIError as error:
                if not left or not is_transient(error.orig):
                    raise
                log.info("transaction.retried", what=use_case.__name__, state=sqlstate(error.orig))
        raise AssertionError

    return run
