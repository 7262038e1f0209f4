"""Many campaigns for several engines: one set of rules as a pack, a decision table, a loop."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.basket import Goods, Line
from shared.member import MemberView
from shared.money import share_of
from shared.receipt import Receipt, Redeem
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from tests.shared.rules.builders import (
    MOMENT,
    TITLE,
    compiled,
    earn_rule,
    lot,
    member,
    pack_text,
    receipt,
    redeem_rule,
)

SKUS, GROUPS, LINES = 2_000, 200, 20
TIER_PERCENT_BP = 5_00


@dataclass(frozen=True, slots=True)
class Campaign:
    """A percent off goods of a sku or a group, perhaps for a tier or from a sum of the receipt."""

    no: int
    percent_bp: int
    sku: str
    group: str
    tier: str
    sum_from_minor: int


Engine = Callable[[], list[int]]


@dataclass(frozen=True, slots=True)
class Engines:
    """The same campaigns in several engines; each gives the discount of every line in kopecks."""

    ours: Engine
    naive: Engine
    zen: Engine
    """A decision table in loop mode, as the engine's documents load it."""
    zen_ready: Engine
    """The same, compiled beforehand."""


def campaigns(count: int) -> list[Campaign]:
    """Return active campaigns, as a chain has them: most of single goods, some of groups."""
    chance = random.Random(count)
    return [_campaign(no, chance) for no in range(count)]


@cache
def basket() -> Receipt:
    """Return twenty lines of goods, every other of which some campaign may know."""
    chance = random.Random(20)
    lines = []
    for no in range(1, LINES + 1):
        sku, group = chance.randrange(SKUS), chance.randrange(GROUPS)
        goods = Goods(sku=f"sku{sku}", group=f"group{group}")
        lines.append(Line(no, goods, 1000, chance.randrange(50_00, 2_000_00)))
    return receipt(*lines, redeem=Redeem.MAXIMUM)


def buyer() -> MemberView:
    """Return a member of the higher tier with points."""
    return member(lot(1, 500_00), lot(2, 200_00), turnover_minor=2_000_00)


def pack_of(count: int) -> CompiledPack:
    """Return a whole programme with the campaigns: card discount, payment with points, earning."""
    card = f"  - {{id: card, {TITLE}, if: {{member: known}}, then: [{CARD}]}}\n"
    pay = redeem_rule("pay", "percent: 20 %", "{member: known}")
    return compiled(
        pack_text(card, *map(_rule, campaigns(count)), pay, earn_rule("earn", condition=KNOWN))
    )


CARD = f"{{effect: discount, percent: {TIER_PERCENT_BP // 100} %}}"
KNOWN = "{member: known}"


def engines(count: int, zen: Any) -> Engines:
    """Return the engines with so many campaigns; `zen` is the module of zen-engine."""
    pack, bought, who = pack_of(count), basket(), buyer()
    sum_minor = sum(line.base_minor for line in bought.lines)
    table = campaigns(count)
    graph = json.dumps(_graph(table))
    asked = {
        "lines": [
            {"sku": line.goods.sku, "group": line.goods.group, "tier": "high", "sum": sum_minor}
            for line in bought.lines
        ]
    }

    def by_pack() -> list[int]:
        return [line.discount_minor for line in evaluate(pack, who, bought, MOMENT).lines]

    def by_loop() -> list[int]:
        return [
            max(
                share_of(line.base_minor, campaign.percent_bp)
                for campaign in (*table, _CARD)
                if _fits(campaign, line, "high", sum_minor)
            )
            for line in bought.lines
        ]

    def by_zen(content: object) -> Engine:
        decision = zen.ZenEngine().create_decision(content)

        def discounts() -> list[int]:
            rates = decision.evaluate(asked)["result"]["out"]
            pairs = zip(bought.lines, rates, strict=True)
            return [share_of(line.base_minor, rate["bp"]) for line, rate in pairs]

        return discounts

    return Engines(by_pack, by_loop, by_zen(graph), by_zen(zen.ZenDecisionContent(graph)))


_CARD = Campaign(-1, TIER_PERCENT_BP, "", "", "", 0)


def _campaign(no: int, chance: random.Random) -> Campaign:
    of_group = chance.random() < 0.3
    return Campaign(
        no=no,
        percent_bp=chance.randrange(1, 41) * 100,
        sku="" if of_group else f"sku{chance.randrange(SKUS)}",
        group=f"group{chance.randrange(GROUPS)}" if of_group else "",
        tier=chance.choice(["", "", "", "high"]),
        sum_from_minor=chance.choice([0, 0, 1_000_00, 50_000_00]),
    )


def _rule(campaign: Campaign) -> str:
    goods = f"sku_in: [{campaign.sku}]" if campaign.sku else f"group_in: [{campaign.group}]"
    parts = [f"{{{goods}}}"]
    if campaign.tier:
        parts.append(f"{{tier_in: [{campaign.tier}]}}")
    if campaign.sum_from_minor:
        parts.append(f"{{receipt_sum_from: {campaign.sum_from_minor // 100}.00}}")
    when = "when: {from: 2026-01-01, to: 2026-12-31}"
    then = f"{{effect: discount, percent: {campaign.percent_bp // 100} %}}"
    test = f"if: {{all: [{', '.join(parts)}]}}"
    return f"  - {{id: c{campaign.no}, {TITLE}, {when}, {test}, then: [{then}]}}\n"


def _fits(campaign: Campaign, line: Line, tier: str, sum_minor: int) -> bool:
    return (
        (not campaign.sku or campaign.sku == line.goods.sku)
        and (not campaign.group or campaign.group == line.goods.group)
        and (not campaign.tier or campaign.tier == tier)
        and sum_minor >= campaign.sum_from_minor
    )


def _graph(table: list[Campaign]) -> object:
    """Return a decision table of zen-engine, looped over lines: the first row that fits is best."""
    best_first = sorted((*table, _CARD), key=lambda campaign: -campaign.percent_bp)
    rows = [
        {
            "_id": str(campaign.no),
            "sku": f'"{campaign.sku}"' if campaign.sku else "",
            "group": f'"{campaign.group}"' if campaign.group else "",
            "tier": f'"{campaign.tier}"' if campaign.tier else "",
            "sum": f">= {campaign.sum_from_minor}" if campaign.sum_from_minor else "",
            "bp": str(campaign.percent_bp),
        }
        for campaign in best_first
    ]
    content = {
        "hitPolicy": "first",
        "executionMode": "loop",
        "inputField": "lines",
        "outputPath": "out",
        "passThrough": False,
        "inputs": [{"id": name, "name": name, "field": name} for name in _INPUTS],
        "outputs": [{"id": "bp", "name": "bp", "field": "bp"}],
        "rules": rows,
    }
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": place},
        {
            "id": "table",
            "type": "decisionTableNode",
            "name": "table",
            "position": place,
            "content": content,
        },
        {"id": "end", "type": "outputNode", "name": "end", "position": place},
    ]
    edges = [
        {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "b", "sourceId": "table", "targetId": "end", "type": "edge"},
    ]
    return {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}


_INPUTS = ("sku", "group", "tier", "sum")
