"""Hostile packs: whatever stands in a file, it is read or refused, in bounded time and memory."""

import json
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.rules.compile import compile_pack
from shared.rules.document import BYTES_MAX, ITEMS_MAX, NODES_MAX
from shared.rules.evaluate import evaluate
from shared.rules.pack import (
    PackError,
    canonical,
    load_canonical,
    pack_hash,
    read_pack_file,
    required_features,
)
from tests.shared.rules.builders import (
    HEAD,
    MOMENT,
    discount_rule,
    line,
    lot,
    member,
    pack_text,
    receipt,
    wine_text,
)

SECONDS_MAX = 15
"""Of processor time for the dearest document; it takes 3 on a free machine."""

BENT_SECONDS_MAX = 5
"""For a pack of an example's size, read, compiled and asked once; it takes a twentieth."""

EXAMPLES = Path(__file__).parents[3] / "shared/rules/examples"
SHIPPED = [canonical(read_pack_file(path.read_bytes())) for path in sorted(EXAMPLES.glob("*.yaml"))]
WINE = canonical(read_pack_file(wine_text().encode()))
ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.text(max_size=20),
        st.sampled_from(["5 %", "1.00", "known", "best", "tier_discount", "2026-01-01", "", "NaN"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def refusal(content: bytes) -> PackError:
    with pytest.raises(PackError) as caught:
        read_pack_file(content)
    return caught.value


BOMBS = {
    "rules": pack_text(*["  - {id: a}\n"] * 100_000),
    "good rules": pack_text(*[discount_rule(f"r{no}", "5 %") for no in range(20_001)]),
    "lists inside lists": "[" * (BYTES_MAX - 1),
    "mappings inside mappings": "{" * (BYTES_MAX - 1),
    "keys of keys": "? " * (BYTES_MAX // 2 - 1),
    "dashes": "- " * (BYTES_MAX // 2 - 1),
    "one long word": "name: " + "a" * (BYTES_MAX - 10),
    "keys": "".join(f"k{no}: 1\n" for no in range(ITEMS_MAX + 1)),
    "nodes": "[" + f"[{'1, ' * (ITEMS_MAX - 1)}], " * (NODES_MAX // ITEMS_MAX + 1) + "]",
    "aliases": "a: &a [x]\n" + "b: *a\n" * 100_000,
    "billion laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
    "tags": "!!python/object/apply:os.system [true]\n",
    "documents": "---\n" * 100_000,
    "groups": pack_text(discount_rule("a", "5"))
    + "stacking:\n"
    + "".join(f"  - {{group: g{no}, mode: best, children: [a]}}\n" for no in range(4_000)),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_in_bounded_time(bomb: str) -> None:
    start = process_time()

    error = refusal(bomb.encode())

    assert process_time() - start < SECONDS_MAX
    assert error.path
    assert error.sentence("ru") != error.sentence("en")
    assert len(error.sentence("en")) < 300


@pytest.mark.parametrize("bomb", ["keys", "nodes", "rules"])
def test_too_much_is_called_so(bomb: str) -> None:
    assert refusal(BOMBS[bomb].encode()).fault == "too_many"


@pytest.mark.parametrize(
    "unseen",
    ["\u202e", "\u2066", "\u200b", "\u2060", "\ufeff", "\x07", "\x7f", "\u2028", "\x9b"],
    ids=lambda found: f"U+{ord(found):04X}",
)
def test_a_character_that_nobody_sees_is_refused_with_its_place(unseen: str) -> None:
    escaped = f"\\u{ord(unseen):04x}"
    text = HEAD.replace("ru: Проверка", f'ru: "Про{escaped}верка"')

    error = refusal(text.encode())

    assert (error.path, error.fault) == ("title.ru", "unseen")
    with pytest.raises(PackError) as caught:
        load_canonical(json.dumps({"name": unseen}).encode())
    assert (caught.value.path, caught.value.fault) == ("name", "unseen")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b'{"version":1,"version":2}', "repeated_key"),
        (b'{"version":NaN}', "bad_json"),
        (b'{"version":Infinity}', "bad_json"),
        (b'{"version":1.5}', "bad_json"),
        (b'{"version":' + b"9" * 5_000 + b"}", "bad_json"),
        (b'{"name":"\\ud800"}', "unseen"),
        (b"\xff\xfe", "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b"[" * 30 + b"]" * 30, "too_deep"),
        (b"[" + b"1," * ITEMS_MAX + b"1]", "too_many"),
        (b"", "bad_json"),
        (b"[]", "not_mapping"),
        (b" " * (BYTES_MAX + 1), "too_large"),
    ],
)
def test_canonical_bytes_are_bounded_too(content: bytes, fault: str) -> None:
    with pytest.raises(PackError) as caught:
        load_canonical(content)

    assert caught.value.fault == fault


@given(st.data())
@settings(max_examples=300)
def test_a_bent_pack_is_refused_or_prices_a_receipt(data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from(SHIPPED)))
    for _ in range(data.draw(st.integers(1, 2))):
        _bend(data, document)
    start = process_time()

    _read_or_refused(json.dumps(document).encode())

    assert process_time() - start < BENT_SECONDS_MAX


@given(st.data())
def test_flipped_bytes_are_refused_or_price_a_receipt(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SHIPPED)))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    _read_or_refused(bytes(content))


@given(st.binary(max_size=200), st.integers(0, 500))
def test_any_bytes_in_the_file_are_refused_or_read(noise: bytes, place: int) -> None:
    text = wine_text().encode()

    error = _fault(lambda: read_pack_file(text[:place] + noise + text[place:]))

    assert error is None or error.sentence("ru").startswith(f"Пакет правил, {error.path}: ")


def _read_or_refused(content: bytes) -> None:
    error = _fault(lambda: (required_features(content), load_canonical(content)))
    if error is not None:
        assert error.path
        assert error.sentence("en").endswith(".")
        return
    pack = load_canonical(content)
    compiled = compile_pack(pack, pack_hash=pack_hash(canonical(pack)))
    evaluate(compiled, member(lot(1, 100_00), turnover_minor=1), receipt(line(1, 500_00)), MOMENT)


def _fault(read: Callable[[], object]) -> PackError | None:
    try:
        read()
    except PackError as error:
        return error
    return None


def _bend(data: st.DataObject, document: dict[str, Any]) -> None:
    """Put anything in the place of one node, or take the node away."""
    node: Any = document
    for _ in range(data.draw(st.integers(0, 6))):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        inner = [key for key in keys if isinstance(node[key], dict | list) and node[key]]
        if not inner:
            break
        node = node[data.draw(st.sampled_from(inner))]
    if not node:
        return
    key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
    if data.draw(st.booleans()):
        node[key] = data.draw(ANYTHING)
    else:
        del node[key]
