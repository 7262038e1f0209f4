"""A pack is written by one person and approved by another; what was approved is published."""

import pytest

from central.centre import Centre
from central.packs import drafting
from central.packs.drafting import (
    AlreadyPublishedError,
    ChangedDraftError,
    DraftState,
    DraftStateError,
    NobodyError,
    OwnReviewError,
)
from central.packs.library import catalogue
from central.packs.service import ReviewNeededError, publish, publish_file
from shared.rules.pack import PackError, canonical, pack_hash, read_pack
from shared.runtime.sqlite import reading
from tests.builders import wine_text


def second(version: int = 2) -> str:
    return wine_text().replace("version: 1\n", f"version: {version}\n")


def in_review(centre: Centre, text: str = "") -> int:
    no = drafting.write(centre, text or second(), "Анна").draft.no
    drafting.submit(centre, no, "Анна")
    return no


def test_a_draft_goes_from_one_person_to_another_and_out(centre: Centre) -> None:
    no = in_review(centre)

    drafting.approve(centre, no, "Борис", "checked")
    done = drafting.publish(centre, no, "Анна")

    found = drafting.show(centre, no)
    assert done.hash == pack_hash(canonical(read_pack(second())))
    assert found.draft.state == DraftState.PUBLISHED
    assert [(deed.act, deed.by) for deed in found.deeds] == [
        ("write", "Анна"),
        ("submit", "Анна"),
        ("approve", "Борис"),
        ("publish", "Анна"),
    ]
    assert {deed.hash for deed in found.deeds} == {done.hash}
    with reading(centre.engine) as connection:
        assert [act.by for act in catalogue(connection).acts][-1] == "Анна"


@pytest.mark.parametrize("name", ["Анна", " анна ", "АННА"])
def test_nobody_approves_what_he_wrote_however_he_spells_his_name(
    centre: Centre, name: str
) -> None:
    no = in_review(centre)

    with pytest.raises(OwnReviewError):
        drafting.approve(centre, no, name)

    assert drafting.show(centre, no).draft.state == DraftState.IN_REVIEW


def test_who_has_changed_a_draft_has_written_it_too(centre: Centre) -> None:
    no = in_review(centre)
    drafting.revise(centre, no, second(3), "Борис")
    drafting.submit(centre, no, "Анна")

    for writer in ("Анна", "Борис"):
        with pytest.raises(OwnReviewError):
            drafting.approve(centre, no, writer)

    assert drafting.approve(centre, no, "Вера").draft.state == DraftState.APPROVED


def test_a_change_takes_the_approval_back(centre: Centre) -> None:
    no = in_review(centre)
    drafting.approve(centre, no, "Борис")

    drafting.revise(centre, no, second(3), "Анна")

    with pytest.raises(DraftStateError):
        drafting.publish(centre, no, "Анна")
    assert drafting.show(centre, no).draft.state == DraftState.DRAFT


def test_a_rejected_draft_is_published_by_nobody(centre: Centre) -> None:
    no = in_review(centre)
    drafting.reject(centre, no, "Борис", "too dear")

    for act in (drafting.submit, drafting.approve):
        with pytest.raises(DraftStateError):
            act(centre, no, "Борис")
    with pytest.raises(DraftStateError) as refused:
        drafting.publish(centre, no, "Борис")
    told = "Черновик № 1 возвращён автору: опубликовать его сейчас нельзя."
    assert refused.value.sentence("ru") == told


def test_a_deed_has_a_name(centre: Centre) -> None:
    with pytest.raises(NobodyError):
        drafting.write(centre, second(), "  ")
    with pytest.raises(NobodyError):
        drafting.submit(centre, in_review(centre), "a" * 101)


def test_a_text_that_is_no_pack_is_no_draft(centre: Centre) -> None:
    with pytest.raises(PackError):
        drafting.write(centre, "name: wine", "Анна")

    assert drafting.listed(centre) == []


def test_what_is_published_already_is_not_published_again_by_a_draft(centre: Centre) -> None:
    publish(centre, second())
    no = in_review(centre)
    drafting.approve(centre, no, "Борис")

    with pytest.raises(AlreadyPublishedError):
        drafting.publish(centre, no, "Анна")

    assert drafting.show(centre, no).draft.state == DraftState.APPROVED


def test_only_the_first_pack_of_a_chain_comes_from_a_file_without_a_review(
    centre: Centre,
) -> None:
    first = publish_file(centre, wine_text().encode())

    with pytest.raises(ReviewNeededError):
        publish_file(centre, second().encode())

    assert publish_file(centre, wine_text().encode()).hash == first.hash


def test_a_draft_in_canonical_form_is_read_as_it_is(centre: Centre) -> None:
    pack = read_pack(second())

    found = drafting.write(centre, canonical(pack).decode(), "Анна")

    assert found.draft.hash == pack_hash(canonical(pack))


def test_what_was_not_looked_at_is_neither_approved_nor_written_over(centre: Centre) -> None:
    no = in_review(centre)
    seen = drafting.show(centre, no).draft.hash
    drafting.revise(centre, no, second(3), "Анна", seen=seen)
    drafting.submit(centre, no, "Анна")

    with pytest.raises(ChangedDraftError):
        drafting.approve(centre, no, "Борис", seen=seen)
    with pytest.raises(ChangedDraftError):
        drafting.revise(centre, no, second(4), "Вера", seen=seen)
    now = drafting.approve(centre, no, "Борис", seen=drafting.show(centre, no).draft.hash)

    assert (now.draft.version, now.draft.state) == (3, DraftState.APPROVED)
    with pytest.raises(ChangedDraftError):
        drafting.publish(centre, no, "Борис", seen=seen)
