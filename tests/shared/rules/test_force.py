"""Which pack is in force where: publications are only added, and every process finds the same."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from shared.rules.force import Place, live, newest_first, to_come
from shared.rules.moment import Moment

NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
ZONES = ("Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka")


@dataclass(frozen=True)
class Pack:
    hash: str
    version: int = 1
    effective_from: str = "2026-01-01T00:00:00"


@dataclass(frozen=True)
class Act:
    no: int
    pack: str
    effective_from: str = "2026-01-01T00:00:00"
    replaces: str = ""
    stores: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    at: datetime = NOON


PACKS = [Pack("a", 1), Pack("b", 2), Pack("c", 3)]
EVERYWHERE = Act(1, "a")


def in_force(
    *acts: Act, store: str = "101", region: str = "msk", at: datetime = NOON, zone: str = ZONES[1]
) -> str:
    due = newest_first(PACKS, acts, Place(store, region), Moment(at, zone))
    return next((pack.hash for pack, has_come in due if has_come), "")


def test_a_pack_of_which_nothing_is_said_counts_by_its_own_word() -> None:
    assert in_force() == "c"


def test_a_canary_counts_in_its_stores_and_regions_alone() -> None:
    canary = Act(2, "b", "2026-05-01T00:00:00", stores=("101",), regions=("spb",))

    found = [
        in_force(EVERYWHERE, canary, store=store, region=region)
        for store, region in [("101", "msk"), ("102", "msk"), ("103", "spb")]
    ]

    assert found == ["b", "a", "b"]


def test_what_is_to_come_comes_at_each_stores_own_midnight() -> None:
    dark = Act(2, "b", "2026-05-21T00:00:00")
    kamchatka = datetime(2026, 5, 20, 12, tzinfo=UTC)

    assert in_force(EVERYWHERE, dark, at=kamchatka, zone="Asia/Kamchatka") == "b"
    assert in_force(EVERYWHERE, dark, at=kamchatka, zone="Europe/Moscow") == "a"
    assert in_force(EVERYWHERE, dark, at=kamchatka + timedelta(hours=9)) == "b"


def test_a_halted_pack_gives_way_to_the_one_before_it_whatever_the_stores_clock_says() -> None:
    halt = Act(3, "", "", replaces="b")
    behind = NOON - timedelta(hours=5)

    assert in_force(EVERYWHERE, Act(2, "b"), halt) == "a"
    assert in_force(EVERYWHERE, Act(2, "b"), halt, at=behind) == "a"


def test_a_rolled_back_pack_gives_way_from_its_instant_and_also_where_it_was_yet_to_come() -> None:
    dark = Act(2, "b", "2026-05-21T00:00:00")
    back = Act(3, "a", "2026-05-21T10:00:00", replaces="b")
    moscow = datetime(2026, 5, 21, 6, 59, tzinfo=UTC)

    assert in_force(EVERYWHERE, dark, back, at=moscow) == "b"
    assert in_force(EVERYWHERE, dark, back, at=moscow + timedelta(minutes=1)) == "a"
    assert in_force(EVERYWHERE, dark, back, at=moscow + timedelta(days=30)) == "a"


def test_what_was_halted_counts_again_when_it_is_published_again() -> None:
    acts = [EVERYWHERE, Act(2, "b"), Act(3, "c", "", replaces="b"), Act(4, "b", "")]

    assert in_force(*acts[:3]) == "c"
    assert in_force(*acts) == "b"


def test_what_is_published_after_a_halt_does_not_take_the_halted_packs_place() -> None:
    """It has its own turn, which is earlier."""
    dark, halt = Act(2, "b", "2026-05-20T15:00:00"), Act(3, "", "", replaces="b")
    later = Act(4, "c", "2026-05-19T00:00:00"), Act(5, "a", "2026-05-20T00:00:00")

    assert in_force(EVERYWHERE, dark, halt, *later, at=NOON + timedelta(hours=6)) == "a"


def test_replacements_follow_each_other() -> None:
    chain = [Act(1, "a"), Act(2, "b", "", replaces="a"), Act(3, "c", "", replaces="b")]

    assert in_force(*chain) == "c"
    assert in_force(*chain, Act(4, "", "", replaces="c")) == ""


def test_a_store_that_moves_goes_by_the_publications_of_its_new_region() -> None:
    canary = Act(2, "b", "2026-05-01T00:00:00", regions=("spb",))

    assert in_force(EVERYWHERE, canary, region="msk") == "a"
    assert in_force(EVERYWHERE, canary, region="spb") == "b"


def test_what_will_take_anothers_place_is_named_beforehand() -> None:
    back = Act(2, "b", "2026-05-21T10:00:00", replaces="a")
    moment = Moment(NOON, ZONES[1])

    assert list(to_come([EVERYWHERE, back], Place("101"), moment)) == ["b"]
    assert (
        list(to_come([EVERYWHERE, back], Place("101"), Moment(NOON + timedelta(days=2), "UTC")))
        == []
    )


INSTANTS = st.sampled_from(
    ["", "2026-01-01T00:00:00", "2026-05-20T00:00:00", "2026-05-20T15:00:00", "2026-05-21T00:00:00"]
)


@st.composite
def histories(draw: st.DrawFn) -> list[Act]:
    """Any acts, as people may do them: the first is for all stores."""
    found = [EVERYWHERE]
    for no in range(2, draw(st.integers(2, 7))):
        replaces = draw(st.sampled_from(["", "", "a", "b", "c"]))
        pack = draw(st.sampled_from(["a", "b", "c", "" if replaces else "c"]))
        found.append(
            Act(
                no,
                pack,
                draw(INSTANTS),
                replaces,
                draw(st.sampled_from([(), ("101",), ("102", "103")])),
                draw(st.sampled_from([(), (), ("msk",)])),
                NOON - timedelta(hours=draw(st.integers(0, 40))),
            )
        )
    return found


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_publications_come_changes_nothing(
    acts: list[Act], chance: Random
) -> None:
    shuffled = list(acts)
    chance.shuffle(shuffled)

    assert in_force(*shuffled) == in_force(*acts)


@given(histories(), st.sampled_from(ZONES), st.sampled_from(["101", "102", "104"]))
def test_no_pack_is_in_force_anywhere_that_is_not_among_the_live_ones(
    acts: list[Act], zone: str, store: str
) -> None:
    names = {pack.hash for pack in live(PACKS, acts, NOON)}

    for later in (timedelta(), timedelta(hours=15), timedelta(days=3)):
        found = in_force(*acts, store=store, zone=zone, at=NOON + later)
        assert found in names | {""}


@given(histories(), st.sampled_from(["101", "102", "104"]))
def test_a_new_publication_for_other_stores_changes_nothing_here(
    acts: list[Act], store: str
) -> None:
    elsewhere = Act(9, "b", "", stores=("900",))

    assert in_force(*acts, elsewhere, store=store) == in_force(*acts, store=store)
