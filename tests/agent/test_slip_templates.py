"""By which pack and in which language a slip is written; the same slip is the same bytes."""

from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from agent.commit.service import commit
from agent.members.service import Registration, register
from agent.printing import store as spool
from hardware.printers.layout import as_text
from shared.rules.slip_defaults import default_templates
from shared.runtime.sqlite import reading
from shared.slip import decode_slip
from shared.wire.feed import GLOBAL
from tests.agent.kit import claim, paid, sell, take_back
from tests.agent.till.kit import anna_of
from tests.builders import Shop, basket, pack_row, wine_text

HEADS = {"sale": "НОВАЯ ПРОДАЖА", "return": "НОВЫЙ ВОЗВРАТ", "registration": "НОВЫЙ УЧАСТНИК"}


def newer() -> str:
    """The next version of the wine pack, whose slips begin with words of their own."""
    slips: dict[str, Any] = {}
    for name, head in HEADS.items():
        usual = default_templates()[name].model_dump(  # type: ignore[index]
            mode="json", by_alias=True, exclude_defaults=True
        )
        slips[name] = {"blocks": [{"block": "text", "words": head}, *usual["blocks"]]}
    text = wine_text().replace("version: 1\n", "version: 2\n", 1)
    text = text.replace("2026-01-01T00:00", "2026-01-02T00:00", 1)
    return f"{text}\n{yaml.safe_dump({'slips': slips}, allow_unicode=True)}"


def stored(shop: Shop, slip: UUID) -> bytes:
    with reading(shop.station.journal) as connection:
        return bytes(
            connection.exec_driver_sql(
                "SELECT opened('slip', body) FROM print_job WHERE slip = ? AND copy_no = 0",
                (slip.bytes,),
            ).scalar_one()
        )


def text_of(shop: Shop, slip: UUID) -> str:
    return as_text(decode_slip(stored(shop, slip)), 48)


def test_a_receipt_reserved_before_a_new_pack_is_printed_by_the_one_that_priced_it(
    shop: Shop,
) -> None:
    anna = anna_of(shop)
    held = claim(shop, basket(shop, member=anna))
    shop.feed(GLOBAL, pack_row(newer()))

    before = commit(shop.station, paid(shop, held), shop.clock.now())
    after = sell(shop, basket(shop, member=anna))

    assert HEADS["sale"] not in text_of(shop, before.slip)
    assert text_of(shop, after.slip).startswith(HEADS["sale"])
    assert HEADS["return"] not in text_of(shop, take_back(shop, before.receipt, (1, 1000)).slip)
    assert text_of(shop, take_back(shop, after.receipt, (1, 1000)).slip).startswith(HEADS["return"])


def test_a_repeated_commit_leaves_the_slip_as_it_was_to_the_byte(shop: Shop) -> None:
    held = claim(shop, basket(shop, member=anna_of(shop)))
    sale = paid(shop, held)
    first = commit(shop.station, sale, shop.clock.now())
    written = stored(shop, first.slip)
    shop.feed(GLOBAL, pack_row(newer()))

    again = commit(shop.station, sale, shop.clock.now())

    assert again == first
    assert stored(shop, first.slip) == written
    with reading(shop.station.journal) as connection:
        assert sum(spool.counts(connection).values()) == 1


def test_a_registration_is_printed_by_the_pack_in_force(shop: Shop) -> None:
    shop.feed(GLOBAL, pack_row(newer()))
    order = Registration(shop.uid(), b"x", "Анна Петрова", "+7 916 123-45-67", "2026-01", "1", "7")

    register(shop.station, order, shop.clock.now())

    with reading(shop.station.journal) as connection:
        found = spool.next_queued(connection)
    assert found is not None
    assert as_text(decode_slip(found[1]), 32).startswith(HEADS["registration"])


def test_a_store_prints_in_the_language_of_its_settings(tmp_path: Path) -> None:
    shop = Shop(tmp_path, slip_language="en").open()
    sale = sell(shop, basket(shop, member=anna_of(shop)))

    told = text_of(shop, sale.slip)

    shop.close()
    assert "TO PAY" in told
    assert "Points earned" in told
    assert "Not a fiscal document" in told
    assert "Баланс" not in told
