"""A base that was imported sells on the first day: its cards scan and redeem with the line cut."""

from pathlib import Path

import pytest

from agent.members.service import find
from agent.scan import ScanKind, classify
from central.estate.service import How
from central.imports.fields import ImportKind
from central.imports.lines import Source
from central.imports.mapping import read_plan
from central.imports.service import Order, run
from shared.receipt import Redeem
from tests.chain.kit import Chain

OLD_CARD, OTHER_CARD = "GOLD-77001", "4600000000015"
MAPPING = "kind: members\nvalues: {tier: {Золотая: gold, Чёрная: silver}}\n"


@pytest.mark.capability("FASHION-01")
def test_old_plastic_scans_and_its_type_is_a_tier(chain: Chain, tmp_path: Path) -> None:
    here, there = chain.stores
    file, mapping = tmp_path / "base.csv", tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING)
    file.write_text(
        "Карта;Тип карты;ФИО;Магазин;Бонусы\n"
        f"{OLD_CARD};Золотая;Анна Петрова;{here.code};500\n{OTHER_CARD};Чёрная;Иван Ким;;0\n",
        encoding="cp1251",
    )
    kind = ImportKind.MEMBERS
    bring = Order(kind, Source(file), read_plan(mapping, kind), How.APPLY, "Пётр")

    assert run(chain.centre, bring, lambda _done, _of: None).run.rows_done == 2

    chain.sync()
    for store in chain.stores:
        store.cut()
        assert classify(store.station, OLD_CARD).kind is ScanKind.CARD
        assert classify(store.station, OTHER_CARD).kind is ScanKind.CARD
        assert classify(store.station, "4600000000022").kind is not ScanKind.CARD
        (anna,) = find(store.station, OLD_CARD)
        (ivan,) = find(store.station, OTHER_CARD)
        assert (anna.tail, anna.standing.tier_floor) == ("7001", "gold")
        assert ivan.standing.tier_floor == "silver"
    member = find(here.station, OLD_CARD)[0].standing.member
    claim = here.sell(member=member, redeem=Redeem.MAXIMUM)
    assert claim.evaluation.totals.redeemed_points > 0
    chain.heal()
    assert chain.debts() == []
    assert there.code != here.code
