"""Break a guard on purpose: `python -m demo.breaks GUARD -- ARGUMENTS` starts `kopilka ARGUMENTS`.

The product has no switch for this. The guard is replaced by its dotted name in this one process,
before the command line takes over, so that the demo can show that its checks see what happens:

lease   a store believes that all of a member's points are its own to spend
dedup   the centre forgets which facts it has taken, and posts them again
"""

import importlib
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.ids import derived

MISUSED = 2
EVERYTHING = 10**15

Part = Any
"""Whatever stands under a dotted name."""
Breaker = Callable[[Part], Part]
"""Makes the broken part from the whole one."""

_again = itertools.count(1)


def _always(value: object) -> Breaker:
    return lambda _whole: lambda *_arguments, **_named: value


def _forget_place(standing: Part) -> Part:
    """Take a fact that is known at its place for the next one of the journal."""

    def forgetful(whole: Part, before: Part, *rest: Part) -> Part:
        found = standing(whole, before, *rest)
        return found if before is None else type(found).NEXT

    return forgetful


def _forget_id(is_repeated: Part) -> Part:
    """Take a fact that is known by its id for a new one."""

    def forgetful(one: Part, contents: dict[UUID, bytes]) -> bool:
        contents.pop(one.fact.id, None)
        is_repeated(one, contents)
        return False

    return forgetful


def _replace_letters(insert_letters: Part) -> Part:
    """Overwrite the inbox's rows instead of finding them there."""

    def overwriting(connection: Part, letters: Part) -> None:
        importlib.import_module("central.ingest.store").delete_letters(connection, letters)
        insert_letters(connection, letters)

    return overwriting


def _new_documents(insert_documents: Part) -> Part:
    """File only documents that are not filed yet, without a word about the others."""

    def silent(connection: Part, documents: Part) -> None:
        known = importlib.import_module("central.ingest.store").documents
        filed = {one.uid for one in known(connection, [one.uid for one in documents])}
        insert_documents(connection, [one for one in documents if one.uid not in filed])

    return silent


def _new_returns(insert_resolved: Part) -> Part:
    """Keep only what returns came to that is not kept yet, without a word about the others."""

    def silent(connection: Part, returns: Part) -> None:
        kept = importlib.import_module("central.ingest.store").resolved(connection, returns)
        insert_resolved(connection, {uid: returns[uid] for uid in returns if uid not in kept})

    return silent


def _new_facts(insert_facts: Part) -> Part:
    """Keep only facts that are not kept yet, without a word about the others."""

    def silent(connection: Part, facts: Part) -> None:
        known = importlib.import_module("central.ingest.store").contents
        kept = known(connection, [fact.id for fact in facts])
        insert_facts(connection, [fact for fact in facts if fact.id not in kept])

    return silent


def _never_twice_the_same(mint: Part) -> Part:
    """Mint an id anew for the same cause."""
    return lambda *cause: derived(mint(*cause), next(_again))


def _other_document(count_turnover: Part) -> Part:
    """Count a purchase that was counted before under an id that no earlier one has."""
    counted: set[UUID] = set()

    def counting(books: Part, account: UUID, purchase: Part, document: Part) -> None:
        if document.uid in counted:
            document = type(document)(derived(document.uid, next(_again)), document.at)
        counted.add(document.uid)
        count_turnover(books, account, purchase, document)

    return counting


GUARDS: Mapping[str, Mapping[str, Breaker]] = {
    "lease": {"agent.leases.lots:spendable": _always(EVERYTHING)},
    "dedup": {
        "central.ingest.chain:_standing": _forget_place,
        "central.ingest.letters:_is_repeated": _forget_id,
        "central.ingest.store:insert_letters": _replace_letters,
        "central.ingest.store:insert_facts": _new_facts,
        "central.ingest.store:insert_resolved": _new_returns,
        "central.ingest.store:insert_documents": _new_documents,
        "central.ingest.receipts:check_new": _always(None),
        "central.ingest.registrations:check_registration": _always(None),
        "central.ingest.envelopes:check_count": _always(None),
        "central.ingest.receipts:count_turnover": _other_document,
        "shared.ledger.entries:entry_id": _never_twice_the_same,
    },
}


def break_guard(name: str) -> None:
    """Replace the parts of a guard in this process."""
    for where, breaker in GUARDS[name].items():
        module_name, _, part = where.partition(":")
        module = importlib.import_module(module_name)
        setattr(module, part, breaker(getattr(module, part)))


def main(arguments: Sequence[str]) -> int:
    """Break a guard and run the command line that follows `--`."""
    name, *rest = arguments or [""]
    if name not in GUARDS or rest[:1] != ["--"]:
        known = ", ".join(GUARDS)
        sys.stderr.write(f"no guard {name!r}: python -m demo.breaks GUARD -- ARGUMENTS ({known})\n")
        return MISUSED
    break_guard(name)
    sys.argv = ["kopilka", *rest[1:]]
    importlib.import_module("shared.runtime.command").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
