"""What types cannot say of tiers: thresholds that ascend in every era, and options that fit."""

from datetime import date
from itertools import pairwise
from typing import Final

from shared.rules.faults import PackError
from shared.rules.references import known, unique
from shared.rules.tier_terms import TierTrack
from shared.rules.tracks import compile_track
from shared.rules.windows import CALENDAR, WindowKind, read_period

GRACE_DAYS_MAX: Final = 366


def check_tiers(track: TierTrack | None) -> None:
    """Raise PackError at the first threshold or option that makes no sense."""
    if track is None:
        return
    ids = [step.id for step in track.steps]
    unique(ids, "tiers.steps", "id")
    for place, change in enumerate(track.changes):
        known(change.from_minor, ids, f"tiers.changes.{place}.from")
    unique((str(change.since) for change in track.changes), "tiers.changes", "since")
    _check_options(track)
    _check_order(track)


def _check_order(track: TierTrack) -> None:
    for era in compile_track(track).eras:
        where = "steps.{}.from" if era.since == date.min else f"changes from {era.since}"
        if era.thresholds[0] != 0:
            raise _fault(
                where.format(0),
                "first_tier",
                "первый уровень начинается с 0.00",
                "the first tier begins at 0.00",
            )
        for place, (lower, upper) in enumerate(pairwise(era.thresholds), start=1):
            if upper <= lower:
                raise _fault(
                    where.format(place),
                    "tier_order",
                    "пороги должны возрастать",
                    "thresholds must ascend",
                )


def _check_options(track: TierTrack) -> None:
    kind = read_period(track.window).kind
    given = track.model_fields_set
    for option in sorted({"band", "downgrade"} & given):
        if kind not in CALENDAR:
            raise _fault(
                option,
                "not_for_this_period",
                "это есть только у календарных периодов и годов от регистрации",
                "only calendar periods and anniversary years have this",
            )
    if track.grace_days and kind is WindowKind.LIFETIME:
        raise _fault(
            "grace_days",
            "not_for_this_period",
            "уровень за всё время не кончается",
            "a level of all time does not end",
        )
    if track.grace_days > GRACE_DAYS_MAX:
        raise _fault(
            "grace_days",
            "too_long_grace",
            f"не больше {GRACE_DAYS_MAX} дней",
            f"at most {GRACE_DAYS_MAX} days",
        )


def _fault(where: str, code: str, ru: str, en: str) -> PackError:
    return PackError(f"tiers.{where}", code, ru=ru, en=en)
