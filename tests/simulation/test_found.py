"""What the simulator has found, each as the shortest story that shows it."""

from pathlib import Path

import pytest

from agent.link import LinkDownError, RefusedByCentreError
from agent.push import push
from agent.replica.service import InDoubtError
from shared.wire.push import PushAnswer, PushBatch
from tests.agent.kit import sell
from tests.builders import Person, Shop, basket


def lost(_batch: PushBatch) -> PushAnswer:
    raise LinkDownError(reason="the answer was lost")


def refused(_batch: PushBatch) -> PushAnswer:
    raise RefusedByCentreError(status=401, refusal="bad_signature", reason="damaged on its way")


def test_a_refusal_does_not_answer_the_push_before_it(tmp_path: Path) -> None:
    """Options(202, stores=3, days=5, visits=20, rate=2): rows and own facts were added up."""
    shop = Shop(tmp_path).open()
    sell(shop, basket(shop))
    shop.link.answer_push = lost
    with pytest.raises(LinkDownError):
        push(shop.station)

    shop.link.answer_push = refused
    with pytest.raises(RefusedByCentreError):
        push(shop.station)

    with pytest.raises(InDoubtError):
        shop.member(Person())
    shop.close()


def test_a_refusal_leaves_no_doubt_where_there_was_none(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    sell(shop, basket(shop))
    shop.link.answer_push = refused
    with pytest.raises(RefusedByCentreError):
        push(shop.station)

    shop.member(Person())

    assert not shop.station.doubt.open
    shop.close()
