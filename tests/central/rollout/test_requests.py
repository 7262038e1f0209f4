"""A table that somebody sends becomes a draft, told in plain words and tried on past receipts."""

import pytest

from central.centre import Centre
from central.packs import drafting
from central.packs.service import publish
from central.rollout.changes import differences
from central.rollout.preview import NoReceiptsError, preview
from central.rollout.requests import request, table
from shared.packs.table_kinds import TableKind
from shared.packs.tables import SheetError
from tests.builders import wine_text

HEADING = "id,from,percent:discount,percent:bonus\n"
DEARER = HEADING + "start,0.00,1 %,3 %\nsilver,50000.00,5 %,5 %\ngold,150000.00,10 %,7 %\n"


def test_a_table_becomes_the_draft_of_the_next_version(centre: Centre) -> None:
    publish(centre, wine_text())

    found = request(centre, "wine:1", TableKind.TIERS, ("tiers.csv", DEARER.encode()), "Анна")

    assert (found.draft.name, found.draft.version, found.draft.state) == ("wine", 2, "draft")
    assert found.draft.source == "tiers of wine:1, tiers.csv"
    assert found.writers == ("Анна",)
    assert differences(centre, found.draft.no, "en") == [
        "Rule pack: version — was 1, now 2",
        "Tier «Starter»: «Card discount» — was 3\u00a0%, now 1\u00a0%",
    ]


def test_a_bad_row_begins_no_draft(centre: Centre) -> None:
    publish(centre, wine_text())

    with pytest.raises(SheetError) as caught:
        request(
            centre,
            "wine:1",
            TableKind.TIERS,
            ("tiers.csv", DEARER.replace("5 %,5 %", "=B2,5 %").encode()),
            "Анна",
        )

    assert caught.value.sentence("ru").startswith("Строка 3, колонка «percent:discount»: ")
    assert drafting.listed(centre) == []


def test_the_table_of_a_published_pack_is_given_out(centre: Centre) -> None:
    publish(centre, wine_text())

    sheet = table(centre, "wine:1", TableKind.TIERS)

    assert sheet.heading == ("id", "from", "percent:bonus", "percent:discount")
    assert sheet.rows[0] == ("start", "0.00", "3.00", "3.00")


def test_without_receipts_there_is_nothing_to_try_a_draft_on(centre: Centre) -> None:
    no = drafting.write(centre, wine_text(), "Анна").draft.no

    with pytest.raises(NoReceiptsError):
        preview(centre, no)
