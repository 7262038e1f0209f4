"""Laws of hand-overs: whoever trusts a root of the chain finds the present one, and no other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.crypto.keys import KeyPair
from shared.wire.keylist import Trusted, is_signed, signed_list
from shared.wire.roots import HandOver, hand_over, is_handed_over, present_root

ROOTS = [KeyPair.from_seed(bytes([1 + no]) * 32) for no in range(5)]
THIEF = KeyPair.from_seed(b"t" * 32)
CHAIN = [hand_over(no, *pair) for no, pair in enumerate(pairwise(ROOTS), start=1)]
TOLD = Trusted((b"k" * 32,))


def forged() -> list[HandOver]:
    """What somebody can make who has no root key: his own signatures and those of others."""
    own = hand_over(9, THIEF, THIEF)
    return [
        *(replace(own, former=root.public) for root in ROOTS),
        *(replace(one, root=THIEF.public, accepted=own.accepted) for one in CHAIN),
        *(replace(one, root=THIEF.public) for one in CHAIN),
        *(replace(one, number=one.number + 9) for one in CHAIN),
        *(replace(one, signature=THIEF.sign(b"")) for one in CHAIN),
    ]


@given(st.integers(0, len(CHAIN)), st.integers(0, len(CHAIN)))
def test_an_agent_finds_the_present_root_from_whichever_it_was_enrolled_with(
    enrolled: int, last: int
) -> None:
    newest = max(enrolled, last)

    assert present_root(ROOTS[enrolled].public, CHAIN[:newest]) == ROOTS[newest].public


@given(st.integers(0, len(CHAIN)), st.lists(st.sampled_from([*CHAIN, *forged()]), max_size=12))
def test_no_order_of_old_and_forged_hand_overs_leads_back_or_aside(
    enrolled: int, told: list[HandOver]
) -> None:
    root = present_root(ROOTS[enrolled].public, told)

    assert root in [pair.public for pair in ROOTS[enrolled:]]


@given(st.integers(1, len(CHAIN)), st.integers(0, len(CHAIN)))
def test_a_former_root_signs_no_list_that_follows_one_of_its_successor(
    successor: int, former: int
) -> None:
    held = signed_list(1, TOLD, ROOTS[successor], CHAIN[:successor])
    pinned = ROOTS[0].public

    for handed_over in ((), CHAIN[:former], CHAIN[:successor]):
        row = signed_list(2, TOLD, ROOTS[min(former, successor - 1)], handed_over)
        assert not is_signed(row, pinned, held)
    assert is_signed(held, pinned)


def test_no_hand_over_is_followed_twice_though_its_root_has_come_back() -> None:
    there, back = hand_over(1, ROOTS[0], ROOTS[1]), hand_over(2, ROOTS[1], ROOTS[0])

    assert present_root(ROOTS[0].public, [there, back]) == ROOTS[0].public
    assert present_root(ROOTS[0].public, [there, back, there]) == ROOTS[0].public


def test_both_roots_have_to_sign() -> None:
    one = CHAIN[0]

    assert is_handed_over(one)
    assert not is_handed_over(replace(one, signature=one.accepted))
    assert not is_handed_over(replace(one, accepted=one.signature))


def test_a_list_needs_the_hand_overs_that_lead_to_its_root() -> None:
    whole = signed_list(7, TOLD, ROOTS[3], CHAIN[:3])

    assert is_signed(whole, ROOTS[0].public)
    assert not is_signed(replace(whole, handed_over=whole.handed_over[1:]), ROOTS[0].public)
    assert is_signed(replace(whole, handed_over=whole.handed_over[1:]), ROOTS[1].public)
    assert not is_signed(whole, THIEF.public)
