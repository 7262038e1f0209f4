"""Hostile receipt files: refused with their place, or priced by every shipped pack; never else."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import LoyaltyError
from shared.packs.receipts import Case, read_case
from shared.packs.show_quote import quotation
from shared.rules.account import accounts
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.explain import findings
from shared.rules.finding import Answered
from shared.rules.retell import retell
from tests.shared.rules.builders import compiled

SECONDS_MAX = 5
"""Of processor time for one file and all packs; it takes a fiftieth."""
EXAMPLES = Path(__file__).parents[3] / "shared/rules/examples"
RICH = Path(__file__).with_name("rich.yaml").read_text(encoding="utf-8")
WORDS = st.sampled_from(
    [
        *(
            "",
            "0",
            "-1",
            "-0.01",
            "1e9",
            "NaN",
            "inf",
            "9" * 20,
            "9999999999.99",
            "0.001",
            "1.2345",
        ),
        *("٣", "１", "2026-02-30", "0001-01-01", "9999-12-31", "9999-12-31T23:59", "1_000", "0x10"),
        *("2026-04-10T12:30+14:00", "2026-04-10T12:30", "Mars/X", "../../etc", "true", "null"),
        *("a" * 70, "🙂", "exact", "maximum", "cash", "gold", "5 %", "00:00", "1 ", "1,5"),
    ]
)
ANYTHING = st.one_of(
    WORDS,
    st.text(max_size=8),
    st.lists(WORDS, max_size=2),
    st.dictionaries(WORDS, WORDS, max_size=2),
)


@cache
def packs() -> list[CompiledPack]:
    return [compiled(path.read_text(encoding="utf-8")) for path in sorted(EXAMPLES.glob("*.yaml"))]


def priced(case: Case) -> None:
    """Price and explain a receipt by every shipped pack."""
    for pack in packs():
        found = evaluate(pack, case.member, case.receipt, case.moment)
        told = findings(Answered(pack, case.member, case.receipt, case.moment, found))
        assert quotation(pack, case, found, "ru")
        assert accounts(pack.source, case.receipt.lines, found, "ru") or not case.receipt.lines
        assert retell(pack.source, case.receipt.lines, told, "en")


def test_the_file_that_is_bent_is_read_as_it_stands() -> None:
    case = read_case(RICH.encode())

    priced(case)

    assert len(case.receipt.lines) == 2
    assert case.member is not None
    assert [lot.activates_at.isoformat() for lot in case.member.lots] == [
        "2025-12-31T21:00:00+00:00",
        "2000-01-01T00:00:00+00:00",
    ]


def read_or_refused(content: bytes) -> Case | LoyaltyError:
    """Return the receipt of a file, or why it is none; anything else is our mistake."""
    try:
        return read_case(content)
    except LoyaltyError as error:
        return error


@given(st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_a_bent_receipt_is_refused_with_its_place_or_priced(data: st.DataObject) -> None:
    document = yaml.load(RICH, yaml.BaseLoader)  # noqa: S506
    for _ in range(data.draw(st.integers(1, 3))):
        _bend(data, document)
    content = yaml.safe_dump(document, allow_unicode=True).encode()
    start = process_time()

    found = read_or_refused(content)

    if isinstance(found, Case):
        priced(found)
    else:
        assert found.sentence("ru") != found.sentence("en")
        assert len(found.sentence("en")) < 300
    assert process_time() - start < SECONDS_MAX


@given(st.binary(max_size=60), st.integers(0, 900))
def test_noise_in_a_receipt_file_is_refused_or_read(noise: bytes, place: int) -> None:
    content = RICH.encode()

    found = read_or_refused(content[:place] + noise + content[place:])

    assert isinstance(found, Case) or found.sentence("en").endswith(".")


def _bend(data: st.DataObject, node: Any) -> None:
    """Put anything in the place of one part, or take the part away."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        inner = node[key]
        if not isinstance(inner, dict | list) or not inner or not data.draw(st.booleans()):
            break
        node = inner
    if data.draw(st.integers(0, 4)):
        node[key] = deepcopy(data.draw(ANYTHING))
    else:
        del node[key]
