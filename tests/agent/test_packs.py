"""Only a pack that is signed, whole and understood prices a receipt; the last good one stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agent.packs import NoPackError, PackShelf
from agent.quote.service import quote
from agent.till.render import frame
from shared.crypto.keys import KeyPair
from shared.rules.pack import canonical, pack_hash, read_pack
from shared.wire.agents import keys_bytes, pack_signing_bytes, publication_bytes
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.rows import KeysRow, PackRow, PublicationRow
from tests.builders import (
    PACKER,
    ROOT,
    STORE,
    Shop,
    basket,
    pack_row,
    settings_row,
    wine_text,
)

WAIT_S = 5.0
NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
FORGER = KeyPair.from_seed(b"f" * 32)


def second(text: str = "", effective_from: str = "2026-01-01T00:00") -> PackRow:
    """The next version of the wine pack."""
    newer = (text or wine_text()).replace("version: 1", "version: 2")
    return pack_row(newer.replace("2026-01-01T00:00", effective_from, 1))


def version_used(shop: Shop) -> int:
    return quote(shop.station, basket(shop), shop.clock.now()).pack.source.version


def reasons(shop: Shop) -> list[str]:
    return [refused.reason.en for refused in shop.station.packs.refused()]


def test_a_newer_pack_takes_over(shop: Shop) -> None:
    shop.feed(GLOBAL, second())

    assert version_used(shop) == 2
    assert reasons(shop) == []


def test_a_pack_is_judged_when_it_arrives_and_not_at_the_next_sale(shop: Shop) -> None:
    forged = replace(second(), signature=FORGER.sign(pack_signing_bytes(second().hash)))

    shop.feed(GLOBAL, forged)

    assert reasons(shop) == ["The pack is not signed by a key of the list."]


def test_a_sale_does_not_wait_for_another_pack_to_be_compiled(shop: Shop) -> None:
    """Compiling holds the shelf's lock, for seconds where a pack has thousands of rules."""
    shop.feed(GLOBAL, second(effective_from="2026-05-21T00:00"))

    with ThreadPoolExecutor(1) as thread, shop.station.packs._lock:
        priced = thread.submit(version_used, shop).result(WAIT_S)

    assert priced == 1


def test_a_pack_waits_for_the_stores_own_midnight(shop: Shop) -> None:
    shop.feed(GLOBAL, second(effective_from="2026-05-21T00:00"))
    moscow_midnight = shop.clock.at.replace(hour=21, minute=0)

    shop.clock.at = moscow_midnight - timedelta(seconds=1)
    before = version_used(shop)
    shop.clock.at = moscow_midnight

    assert (before, version_used(shop)) == (1, 2)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (pack_row(wine_text().replace("version: 1", "version: 2"), FORGER), "not signed"),
        (replace(second(), signature=b"\0" * 64), "not signed"),
        (replace(second(), hash="0" * 64), "bytes do not give the hash"),
        (replace(second(), body=b"{}"), "bytes do not give the hash"),
    ],
)
def test_a_pack_that_is_not_what_was_signed_is_passed_over(
    shop: Shop, row: PackRow, reason: str
) -> None:
    shop.feed(GLOBAL, row)

    assert version_used(shop) == 1
    (told,) = reasons(shop)
    assert reason in told


@pytest.mark.edge("E82")
def test_a_pack_that_needs_an_unknown_feature_is_passed_over(shop: Shop) -> None:
    shop.feed(GLOBAL, signed(second().body.replace(b'"requires":[', b'"requires":["hologram",')))

    assert version_used(shop) == 1
    (told,) = reasons(shop)
    assert "hologram" in told


@pytest.mark.edge("E82")
def test_what_a_newer_pack_needs_is_told_even_if_the_rest_does_not_parse(shop: Shop) -> None:
    shop.feed(GLOBAL, signed(b'{"requires":["then.hologram"],"shape":"of things to come"}'))

    assert version_used(shop) == 1
    assert reasons(shop) == [
        "The agent lacks: then.hologram. Update it; the pack before stays in force."
    ]


@pytest.mark.edge("E82")
def test_a_pack_that_cannot_be_parsed_is_passed_over(shop: Shop) -> None:
    shop.feed(GLOBAL, signed(b'{"shape": "of things to come"}'))

    assert version_used(shop) == 1
    assert len(reasons(shop)) == 1


@pytest.mark.edge("E40")
@pytest.mark.parametrize(("here", "version"), [("2026a", 1), ("2026b", 2), ("2027a", 2)])
def test_a_pack_of_newer_time_zones_than_the_agent_has_is_passed_over(
    shop: Shop, here: str, version: int
) -> None:
    """A country moves its clocks: what it begins at midnight must begin at the same one for all."""
    shop.station.packs = PackShelf(here)
    newer = wine_text().replace("version: 1", "version: 2").replace("tz: 2025b", "tz: 2026b")
    shop.feed(GLOBAL, pack_row(newer))

    assert version_used(shop) == version
    assert [here in told for told in reasons(shop)] == ([True] if version == 1 else [])


def act(no: int, pack: str, signer: KeyPair = PACKER, **more: Any) -> PublicationRow:
    """A publication, signed."""
    said = {"replaces": "", "effective_from": "2026-01-01T00:00:00", "stores": (), "regions": ()}
    row = PublicationRow(no=no, pack=pack, signature=b"", **{"at": NOON, **said, **more})
    return replace(row, signature=signer.sign(publication_bytes(row)))


def test_a_pack_that_is_for_other_stores_is_loaded_and_not_used(shop: Shop) -> None:
    shop.feed(GLOBAL, act(1, pack_row().hash), second(), act(2, second().hash, stores=("999",)))
    before = version_used(shop), len(shop.station.packs.ready())

    shop.feed(GLOBAL, act(3, second().hash, regions=(settings_row().region,)))

    assert before == (1, 2)
    assert version_used(shop) == 2


@pytest.mark.parametrize(
    "forged",
    [
        act(4, "", FORGER, replaces=second().hash, effective_from=""),
        replace(act(4, "", replaces="0" * 64, effective_from=""), replaces=second().hash),
    ],
)
def test_a_halt_that_no_key_of_the_list_has_signed_halts_nothing(
    shop: Shop, forged: PublicationRow
) -> None:
    shop.feed(GLOBAL, act(1, pack_row().hash), second(), act(3, second().hash), forged)

    assert version_used(shop) == 2


def test_a_halt_counts_at_once_also_where_the_clock_is_behind(shop: Shop) -> None:
    shop.feed(GLOBAL, act(1, pack_row().hash), second(), act(2, second().hash))
    late = act(3, "", replaces=second().hash, effective_from="", at=NOON + timedelta(days=400))

    shop.feed(GLOBAL, late)

    assert version_used(shop) == 1


def test_without_publications_packs_count_by_their_own_word(shop: Shop) -> None:
    """As a centre of the version before sends them."""
    shop.feed(GLOBAL, second())
    before = version_used(shop)

    shop.feed(GLOBAL, act(1, pack_row().hash))

    assert (before, version_used(shop)) == (2, 1)


def signed(body: bytes) -> PackRow:
    """A pack of any bytes, signed as it should be."""
    hash_ = pack_hash(body)
    signature = PACKER.sign(pack_signing_bytes(hash_))
    return PackRow(hash_, "wine", "2", "2026-01-01T00:00:00", body, signature)


def test_a_pack_whose_key_comes_later_is_used_from_then_on(shop: Shop) -> None:
    newer = wine_text().replace("version: 1", "version: 2")
    shop.feed(GLOBAL, pack_row(newer, FORGER))
    before = version_used(shop)
    keys = (PACKER.public, FORGER.public)
    shop.feed(GLOBAL, KeysRow(2, keys, ROOT.sign(keys_bytes(2, keys))))

    assert (before, version_used(shop)) == (1, 2)
    assert reasons(shop) == []


def test_without_any_good_pack_there_is_no_price(shop: Shop) -> None:
    good = canonical(read_pack(wine_text()))
    shop.drop_packs()
    shop.feed(GLOBAL, replace(pack_row(), signature=b"\0" * 64, body=good))

    with pytest.raises(NoPackError):
        version_used(shop)


def test_a_zone_that_is_not_known_leaves_the_last_good_one(shop: Shop) -> None:
    shop.feed(store_stream(STORE), replace(settings_row(), zone="Mars/Olympus", name="Новая"))

    priced = quote(shop.station, basket(shop), shop.clock.now())

    assert (priced.moment.zone, priced.settings.name) == ("Europe/Moscow", "Новая")
    (warning,) = frame(shop.station, shop.clock.now())["warnings"]
    assert warning.ru == "Часовой пояс «Mars/Olympus» неизвестен."

    shop.feed(store_stream(STORE), replace(settings_row(), zone="Asia/Omsk"))

    assert quote(shop.station, basket(shop), shop.clock.now()).moment.zone == "Asia/Omsk"
    assert frame(shop.station, shop.clock.now())["warnings"] == []
