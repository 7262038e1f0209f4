"""Pieces that follow from their seeds, one after the other or some at once, until enough was
counted."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from math import ceil
from multiprocessing import get_context

from tests.figures.book import Json
from tests.figures.run import Run

LONGEST = "longest_s"
"""The one count that is not summed."""
AHEAD = 2
"""Pieces that are begun for each job once one has told how much it counts: who has done his does
not wait for the one before."""

Work = Callable[[int], Json]
Begin = Callable[[int], Callable[[], Json]]


def seeded(run: Run, figure: int, name: str, work: Work, wanted: tuple[str, int]) -> Json:
    """Do the pieces of seeds from 1 on until so much of a count is there; return all sums.

    As many pieces as the run has jobs are done at once, each by a process of its own, so `work` has
    to be picklable; none is begun that will hardly be wanted. The sums are the same for any number
    of jobs. What is done stands in the book.
    Raises what a piece raises.
    """
    book, total, (counted, most) = run.book(figure), Json(), wanted
    ahead: dict[int, Callable[[], Json]] = {}
    with _workers(run.jobs, work) as begin:
        for seed in count(1):
            if total.get(counted, 0) >= most:
                break
            begun = run.jobs * (AHEAD if total else 1)
            at_once = min(begun, _wanted(total.get(counted, 0), most, seed))
            for near in range(seed, seed + at_once):
                if near not in ahead and f"{name} {near}" not in book.pieces:
                    ahead[near] = begin(near)
            total = _added(total, book.once(f"{name} {seed}", ahead.pop(seed, Json)))
    return total


def _wanted(done: int, most: int, seed: int) -> int:
    """Return how many pieces it takes from a seed on, if they count as much as those before."""
    return ceil((most - done) * (seed - 1) / done) if done else most


@contextmanager
def _workers(jobs: int, work: Work) -> Iterator[Begin]:
    """Give what begins the piece of a seed and returns what waits for it."""
    if jobs == 1:
        yield lambda seed: partial(work, seed)
        return
    pool = ProcessPoolExecutor(jobs, get_context("spawn"))
    try:
        yield lambda seed: pool.submit(work, seed).result
    finally:
        pool.shutdown(cancel_futures=True)


def _added(total: Json, more: Json) -> Json:
    both = {name: total.get(name, 0) + more.get(name, 0) for name in {*total, *more}}
    if LONGEST in both:
        both[LONGEST] = max(total.get(LONGEST, 0.0), more.get(LONGEST, 0.0))
    return both
