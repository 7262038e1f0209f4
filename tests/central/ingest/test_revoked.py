"""What a revoked agent signs is refused; what it had sent stays, and a file of it is taken in."""

import pytest

from central.agents.service import RevokedAgentError
from central.centre import Centre
from central.ingest.service import take_in
from central.settling.revoking import revoke_agent
from shared.wire.push import OutcomeKind
from tests.central.chain_kit import balance, kinds
from tests.central.journal_builder import Journal


def test_facts_of_a_revoked_agent_are_refused_behind_the_last_place_that_counts(
    centre: Centre, journal: Journal
) -> None:
    member, _ = journal.register()
    journal.sell(member, earn=[80_00], kept=0)
    journal.push()
    journal.sell(member, earn=[500_00], kept=0)

    done = revoke_agent(centre, "101")

    assert done.last_seq == len(journal.facts) - 1
    with pytest.raises(RevokedAgentError):
        journal.push()
    assert balance(centre, member.account) == 80_00


def test_a_file_of_its_facts_is_taken_in_by_an_operator(centre: Centre, journal: Journal) -> None:
    member, _ = journal.register()
    journal.sell(member, earn=[80_00], kept=0)
    revoke_agent(centre, "101")

    answer = take_in(centre, journal.batch())

    assert set(kinds(answer.outcomes)) == {OutcomeKind.ACCEPTED.value}
    assert balance(centre, member.account) == 80_00
