"""A pack reaches the stores signed, once, and only if it is well formed."""

from dataclasses import replace
from pathlib import Path

import pytest

import shared.rules
from central.centre import Centre
from central.feed import service as feed
from central.packs.publishing import NeverInForceError
from central.packs.service import (
    Novelty,
    StaleVersionError,
    publish,
    publish_file,
)
from shared.crypto.keys import verify
from shared.packs.sealed import NotSealedError, seal, sealed_file
from shared.rules.pack import PackError, canonical, pack_hash, read_pack
from shared.wire.agents import pack_signing_bytes, publication_bytes
from shared.wire.feed import GLOBAL, changes_of, decode_segment
from shared.wire.keylist import is_signed
from shared.wire.rows import KeysRow, PackRow, PublicationRow, read_row
from tests.central.app.kit import plain_reader

WINE = (Path(shared.rules.__file__).parent / "examples" / "wine.yaml").read_text()


def global_rows(centre: Centre) -> list[object]:
    encoded = feed.segment_for(centre, plain_reader("101"), (GLOBAL, 0))
    assert encoded is not None
    return [read_row(change.kind, change.row) for change in changes_of(decode_segment(encoded))]


def test_a_pack_travels_canonical_and_signed_by_a_key_that_the_root_vouches_for(
    empty: Centre,
) -> None:
    published = publish(empty, WINE)

    keys, pack, act = global_rows(empty)
    assert isinstance(keys, KeysRow)
    assert isinstance(pack, PackRow)
    assert isinstance(act, PublicationRow)
    assert verify(keys.pack_keys[0], publication_bytes(act), act.signature)
    assert (act.no, act.pack, act.effective_from) == (1, pack.hash, "2026-01-01T00:00:00")
    assert is_signed(keys, empty.keys.root_key)
    assert verify(keys.pack_keys[0], pack_signing_bytes(pack.hash), pack.signature)
    assert pack.body == canonical(read_pack(WINE))
    assert pack.hash == pack_hash(pack.body) == published.hash
    assert published.novelty is Novelty.NEW


def test_publishing_the_same_again_changes_nothing(empty: Centre) -> None:
    first = publish(empty, WINE)

    again = publish(empty, WINE + "\n# a comment\n")

    assert (again.hash, again.novelty) == (first.hash, Novelty.SAME)
    assert len(global_rows(empty)) == 3


def test_other_content_needs_a_higher_version(empty: Centre) -> None:
    publish(empty, WINE)
    version = read_pack(WINE).version
    other = WINE.replace(f"version: {version}", f"version: {version + 1}")
    assert other != WINE

    assert publish(empty, other).version == version + 1
    with pytest.raises(StaleVersionError):
        publish(empty, other.replace("effective_from: ", "effective_from: 2099-01-01T00:00 #"))


def test_a_pack_that_begins_before_the_one_in_force_is_refused(empty: Centre) -> None:
    publish(empty, WINE)
    before = global_rows(empty)
    next_version = WINE.replace("version: 1", "version: 2", 1)
    from_then = "effective_from: 2025-12-31T23:59 #"

    with pytest.raises(NeverInForceError) as refused:
        publish(empty, next_version.replace("effective_from: ", from_then))

    assert "wine 2 не вступил бы в силу: вместо него действует wine 1" in (
        refused.value.sentence("ru")
    )
    assert global_rows(empty) == before
    assert publish(empty, next_version).novelty is Novelty.NEW


def test_a_later_one_that_has_not_come_does_not_stand_in_the_way(empty: Centre) -> None:
    publish(empty, WINE)
    later = WINE.replace("version: 1", "version: 2", 1)
    publish(empty, later.replace("effective_from: ", "effective_from: 2031-01-01T00:00 #"))
    between = WINE.replace("version: 1", "version: 3", 1)

    done = publish(empty, between.replace("effective_from: ", "effective_from: 2030-01-01T00:00 #"))

    assert done.novelty is Novelty.NEW


def test_a_malformed_pack_is_refused_with_the_path_and_changes_nothing(empty: Centre) -> None:
    with pytest.raises(PackError) as caught:
        publish(empty, WINE + "\nrulez: []\n")

    assert caught.value.path == "rulez"
    assert len(global_rows(empty)) == 1


def test_a_file_that_is_not_text_is_refused(empty: Centre) -> None:
    with pytest.raises(PackError) as caught:
        publish_file(empty, b"\xff\xfe")

    assert caught.value.fault == "bad_text"


def test_a_pack_that_was_signed_elsewhere_is_published_as_it_is(empty: Centre) -> None:
    sealed = seal(read_pack(WINE), empty.keys.pack)

    published = publish_file(empty, sealed_file(sealed).encode())

    assert published.novelty is Novelty.NEW
    assert publish(empty, WINE) == replace(published, novelty=Novelty.SAME)


def test_a_pack_that_another_key_signed_is_refused(empty: Centre) -> None:
    sealed = seal(read_pack(WINE), empty.keys.demand_root())

    with pytest.raises(NotSealedError):
        publish_file(empty, sealed_file(sealed).encode())
