"""Routes to what stands at the counter: papers whose end a person tells, and the cash drawer."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from agent.equipment import drawer
from agent.operations import Said, settle_paper
from agent.printing.papers import Verdict, open_papers
from agent.till import answers as view
from agent.till import models, render
from agent.till.here import Cashier, Here, SignedIn, content_of
from hardware.drawer import DrawerState

router = APIRouter(prefix="/v1", tags=["devices"])


class SettleBody(models.Body):
    """What a person says of a paper: `printed` (it is there, whole), `copy`, `cancel`."""

    uid: UUID
    verdict: Verdict


class DrawerBody(models.Body):
    """A wish to open the drawer."""

    uid: UUID


class PaperView(BaseModel):
    """A paper that somebody has to look for; `doubtful` if it may be there."""

    job: int
    copy_no: int
    state: str
    reason: str
    doubtful: bool
    spooled_at: datetime
    text: str


class PapersAnswer(view.Answer):
    """The papers in front of a person, the newest first."""

    papers: list[PaperView]


class SettledAnswer(view.Answer):
    """A paper of which a person has told; `copy_no` is 0 where no copy is printed."""

    job: int
    copy_no: int


class DrawerAnswer(view.Answer):
    """The level of the drawer's contact, before it was opened; which means open depends on it."""

    contact: DrawerState


@router.get("/papers")
def get_papers(here: Here) -> PapersAnswer:
    """List the slips whose end nobody saw, and those that wait, have waited too long, or failed."""
    papers = [
        PaperView(
            job=one.job,
            copy_no=one.copy_no,
            state=one.state,
            reason=one.reason,
            doubtful=one.is_doubtful,
            spooled_at=one.at,
            text=one.text,
        )
        for one in open_papers(here)
    ]
    return PapersAnswer(**render.frame(here, here.time.now()), papers=papers)


@router.post("/papers/{job}")
def post_paper(job: int, body: SettleBody, here: Here, cashier: SignedIn) -> SettledAnswer:
    """Say of a paper that it is there, that a copy is wanted, or that nobody wants it."""
    at = here.time.now()
    said = Said(body.uid, content_of(body, job), body.verdict, cashier)
    copy_no = settle_paper(here, job, said, at)
    return SettledAnswer(**render.frame(here, at), job=job, copy_no=copy_no)


@router.get("/drawer")
def get_drawer(here: Here) -> DrawerAnswer:
    """Tell the level of the drawer's contact; opens nothing."""
    found = drawer.contact(here)
    return DrawerAnswer(**render.frame(here, here.time.now()), contact=found)


@router.post("/drawer/open")
def post_drawer(body: DrawerBody, here: Here, cashier: Cashier) -> DrawerAnswer:
    """Open the cash drawer; the cashier's role must allow it."""
    at = here.time.now()
    before = drawer.open_drawer(here, body.uid, cashier, at)
    return DrawerAnswer(**render.frame(here, at), contact=before)
