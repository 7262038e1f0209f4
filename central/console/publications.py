"""A published pack: readiness of the stores, the stages of its rollout, its halts and rollbacks."""

from central.console.ask import Answer, Ask, Go
from central.console.pages import day_time, moment, translated
from central.console.tables import Cell, Column, exported, tabled, titles_of
from central.estate import service as estate
from central.packs.store import Edition, StoredPublication
from central.rollout import board as readiness
from central.rollout import requests
from central.rollout import service as rollout
from central.rollout.board import Board, OfStore, Readiness
from central.rollout.service import Scope, Word
from shared.packs.halting import campaigns_of
from shared.packs.sheets import sheet_of
from shared.packs.table_kinds import TableKind
from shared.rules.sentences import spoken

LOOKS = {
    Readiness.EFFECTIVE: "good",
    Readiness.LOADED: "good",
    Readiness.REFUSED: "bad",
    Readiness.AWAITED: "warning",
    Readiness.SILENT: "faint",
    Readiness.NO_AGENT: "faint",
}


def pack(ask: Ask) -> Answer:
    """Show how a pack stands in every store, and what was done with it; as a file, too."""
    found = readiness.board(ask.centre, ask.path["pack"])
    t = translated(ask.lang)
    columns: list[Column[OfStore]] = [
        Column("store", lambda one: Cell(one.store, href=f"/console/stores/{one.store}")),
        Column("region", lambda one: Cell(one.region)),
        Column("readiness", lambda one: _readiness(ask, one)),
        Column("due", lambda one: Cell(t("yes") if one.is_due else "")),
        Column("heard", lambda one: Cell(moment(ask, one.heard_at), one.heard_at)),
        Column("why", lambda one: Cell(one.reason_ru if ask.lang == "ru" else one.reason_en)),
    ]
    wanted = ask.query.get("readiness", "")
    rows = [one for one in found.stores if wanted in ("", *_stands(one))]
    if ask.query.get("format") == "csv":
        name = f"readiness-{found.pack.name}-{found.pack.version}"
        return exported(name, titles_of(ask, columns), columns, rows, ask.query)
    source = requests.published(ask.centre, found.pack.hash)
    titles = {name: spoken(one, ask.wording) for name, one in campaigns_of(source).items()}
    content = {
        "board": found,
        "tiles": _tiles(found),
        "begins": day_time(ask, found.pack.effective_from),
        "acts": [_act(ask, act, found.editions) for act in found.acts],
        "campaigns": [(name, f"{title} ({name})") for name, title in titles.items()],
        "former": _former(found),
        "tables": [(kind.value, len(sheet_of(source, kind).rows)) for kind in TableKind],
        "regions": " ".join(sorted({one.region for one in estate.stores(ask.centre)})),
    }
    return tabled(ask, "pack", columns, rows, content, "store")


def _stands(one: OfStore) -> tuple[str, ...]:
    """Return by which choices a store is shown: where a pack is in force it is loaded as well."""
    is_effective = one.readiness is Readiness.EFFECTIVE
    return (one.readiness.value, *((Readiness.LOADED.value,) if is_effective else ()))


def widen(ask: Ask) -> Answer:
    """Let a pack count in more stores: the next stage of its rollout."""
    rollout.widen(
        ask.centre, ask.path["pack"], scope_of(ask), ask.text("effective_from"), word_of(ask)
    )
    return Go(_here(ask), "widened")


def halt(ask: Ask) -> Answer:
    """Stop a pack everywhere, or in some stores or regions."""
    rollout.halt(ask.centre, ask.path["pack"], scope_of(ask), word_of(ask))
    return Go(_here(ask), "halted")


def roll_back(ask: Ask) -> Answer:
    """Let a former pack take the place of this one."""
    former, begins = ask.text("former"), ask.text("effective_from")
    rollout.roll_back(ask.centre, ask.path["pack"], former, begins, word_of(ask))
    return Go(_here(ask), "rolled_back")


def halt_campaign(ask: Ask) -> Answer:
    """Stop one campaign of a pack at once; the pack's next version has all else of it."""
    campaign = ask.text("campaign")
    done = rollout.halt_campaign(ask.centre, ask.path["pack"], campaign, word_of(ask))
    return Go(f"/console/packs/{done.hash}", "campaign_halted")


def scope_of(ask: Ask) -> Scope:
    """Return for which stores and regions something is meant, as somebody has typed them."""
    return Scope(
        tuple(ask.text("stores").replace(",", " ").split()),
        tuple(ask.text("regions").replace(",", " ").split()),
    )


def word_of(ask: Ask) -> Word:
    """Return who does something, and why."""
    return Word(ask.me.who.login, ask.text("note"))


def _here(ask: Ask) -> str:
    return f"/console/packs/{ask.path['pack']}"


def _readiness(ask: Ask, one: OfStore) -> Cell:
    words = translated(ask.lang)(f"ready_{one.readiness}")
    return Cell(words, look=LOOKS[one.readiness])


def _tiles(found: Board) -> list[tuple[str, str, str]]:
    """Return in how many stores a pack stands how: state, figure, look."""
    total = len(found.stores)
    told: list[tuple[str, str, str]] = [("loaded", f"{found.loaded} / {total}", "")]
    for state in (Readiness.EFFECTIVE, Readiness.AWAITED, Readiness.REFUSED, Readiness.SILENT):
        count = found.count(state)
        look = LOOKS[state] if count and state is not Readiness.EFFECTIVE else ""
        told.append((state.value, str(count), look))
    return told


def _former(found: Board) -> list[tuple[str, str]]:
    newest = sorted(found.editions.values(), key=lambda one: one.published_at, reverse=True)
    return [(one.hash, _named(one)) for one in newest if one.hash != found.pack.hash]


def _named(one: Edition) -> str:
    return f"{one.name} {one.version}"


def _act(ask: Ask, act: StoredPublication, known: dict[str, Edition]) -> dict[str, str]:
    """Tell an act: what, of which packs, where, from when, who and why."""
    t = translated(ask.lang)
    where = [*(t("in_region", region=one) for one in act.regions), *act.stores]
    return {
        "at": moment(ask, act.at),
        "what": t(f"act_{act.act}"),
        "pack": _called(known, act.pack),
        "replaces": _called(known, act.replaces),
        "where": ", ".join(where) or t("everywhere"),
        "begins": day_time(ask, act.effective_from) or t("at_once"),
        "by": act.by,
        "note": act.note,
    }


def _called(known: dict[str, Edition], name: str) -> str:
    return _named(known[name]) if name in known else name[:8]
