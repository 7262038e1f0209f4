"""The route by which tills edit a member's profile, with its body and its answer."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter

from agent.members import edit as editing
from agent.members.edit import Edited, ProfileEdit
from agent.till import answers as view
from agent.till import models, render
from agent.till.here import Cashier, Here, content_of

router = APIRouter(prefix="/v1")

SHARED = view.SentenceView(
    code="phone_shared",
    ru="Этот телефон указан и у другого участника: центр проверит, один ли это человек.",
    en="Another member has this phone too: the centre sees whether they are one person.",
)
STAYS = view.SentenceView(
    code="verified_stays",
    ru="Подтверждённое на кассе не меняется: правку рассмотрят в центре.",
    en="What is verified does not change at a till: the centre looks at the edit.",
)


class EditBody(models.Body):
    """An edit of a profile: fields that are left out stay as they are.

    `account` is that of the member's `ref`: pass it on as it is.
    """

    uid: UUID
    account: UUID | None = None
    name: models.Title = ""
    phone: models.Word = ""
    email: models.Title = ""
    birthday: date | None = None


class EditedAnswer(view.Answer):
    """A profile as it is shown from now on; `stays` are fields that are verified."""

    member: UUID
    name: str
    birthday: date | None
    edited: list[str]
    stays: list[str]


@router.post("/members/{member}/edits", tags=["members"])
def post_edit(member: UUID, body: EditBody, here: Here, cashier: Cashier) -> EditedAnswer:
    """Edit a member's name, birthday, phone or e-mail, also offline; others stay as they are."""
    at = here.time.now()
    order = ProfileEdit(
        uid=body.uid,
        content=content_of(body, member),
        member=member,
        account=body.account,
        name=body.name,
        phone=body.phone,
        email=body.email,
        birthday=body.birthday,
        cashier=cashier,
    )
    return _edited(here, editing.edit(here, order, at))


def _edited(here: Here, done: Edited) -> EditedAnswer:
    top = render.frame(here, here.time.now())
    told = [SHARED] if done.shared else []
    told += [STAYS] if done.stays else []
    return EditedAnswer(
        **{**top, "warnings": [*top["warnings"], *told]},
        member=done.member,
        name=done.display_name,
        birthday=done.birthday,
        edited=list(done.fields),
        stays=list(done.stays),
    )
