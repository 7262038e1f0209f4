"""By whose templates a slip is written: those of the pack that priced, or of the one in force."""

from datetime import datetime

from agent.packs import NoPackError
from agent.printing.parts import Paper
from agent.quote.service import effective_pack, pack_of
from agent.station import Station
from shared.rules.slip_fill import usual_papers
from shared.wire.rows import SettingsRow


def paper_by(station: Station, settings: SettingsRow, pack_hash: str) -> Paper:
    """Return how slips of a pack are written; the usual way for one that is not here any more."""
    pack = pack_of(station, pack_hash)
    papers = usual_papers() if pack is None else pack.papers
    return Paper(settings, papers, station.settings.slip_language)


def present_paper(station: Station, settings: SettingsRow, at: datetime) -> Paper:
    """Return how slips are written now; the usual way while there is no pack."""
    try:
        papers = effective_pack(station, at)[1].papers
    except NoPackError:
        papers = usual_papers()
    return Paper(settings, papers, station.settings.slip_language)
