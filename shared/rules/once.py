"""Grants that a person gets once: which are due, and which lot each is, whoever grants it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from shared.ids import account_lot, derived, once_lot
from shared.member import DayCount, MemberView
from shared.money import WHOLE_BP
from shared.rules.dates import anniversary, year_around
from shared.rules.facts import Facts
from shared.rules.index import Gate
from shared.rules.once_terms import Goal, Occasion, OnceTerms
from shared.rules.question_terms import BIRTHDAY, REGISTRATION
from shared.rules.questions import days_of
from shared.rules.result import OnceGrant, Sentence
from shared.rules.sentences import amount_of, say
from shared.rules.terms import Term, activation, expiry
from shared.rules.tracks import Track, counted
from shared.rules.windows import WindowKind, read_period, span_of

ONCE_FIELDS: Final = frozenset(
    {
        "birthday",
        "registered_on",
        "receipts",
        "turnover_minor",
        "person",
        "referrer",
        "history",
    }
)
"""What grants read of a member."""
YEARS_AHEAD: Final = 3
ALWAYS: Final = ""
"""The period of what a person gets once in his life."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledOnce:
    """A grant ready to be asked; `place` is after the pack's rules, in declared order."""

    terms: OnceTerms
    place: int
    gate: Gate
    activation: Term
    expiry: Term
    applied: Sentence

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.terms.id


Verdict = OnceGrant | Sentence
"""What is granted, or why nothing is."""


def due(
    rules: Collection[CompiledOnce],
    facts: Facts,
    occasions: Collection[Occasion],
    now: DayCount | None = None,
) -> Iterator[tuple[CompiledOnce, Verdict]]:
    """Yield what each rule of these occasions grants to the member at this moment, or why not.

    `now` is what this receipt adds to what the member has done.
    """
    if facts.member is None:
        return
    for rule in rules:
        if rule.terms.on in occasions:
            yield rule, _verdict(rule, facts, facts.member, now)


def _verdict(rule: CompiledOnce, facts: Facts, member: MemberView, now: DayCount | None) -> Verdict:
    terms = rule.terms
    if (closed := rule.gate(facts)) is not None:
        return closed
    account = member.account if terms.to == "member" else member.referrer
    periods = _periods(terms, facts, member, now)
    if isinstance(periods, Sentence):
        return periods
    if account is None:
        return say("no_referrer")
    expires_on = expiry(rule.expiry, facts.moment)
    for period in periods:
        lot = once_lot(terms.id, member.person_key, period)
        if any(_had(member, once_lot(terms.id, key, period)) for key in member.person_keys):
            continue
        if expires_on is not None and expires_on < facts.day:
            return say("dead_lot")
        return OnceGrant(
            rule=terms.id,
            period=period,
            lot=lot,
            account=account,
            wallet=terms.into,
            kind=terms.lot_kind,
            amount=terms.amount,
            activates_at=activation(rule.activation, facts.moment),
            expires_on=expires_on,
            applied=rule.applied,
            campaign=terms.coupon or "",
        )
    return say("had_once")


def _goal_period(
    goal: Goal, facts: Facts, member: MemberView, now: DayCount | None
) -> str | Sentence:
    """Return the first day of the period in which the goal is reached, or how far it is."""
    track = Track(metric=goal.metric, period=read_period(goal.window))
    missing = goal.reach - counted(track, member, facts.counted_on, now)
    if missing > 0:
        return say("goal_left", amount=amount_of(goal.metric, missing))
    span = span_of(track.period, facts.counted_on, member.registered_on)
    return ALWAYS if track.period.kind is WindowKind.LIFETIME else span.first.isoformat()


def _is_chosen(terms: OnceTerms, member: MemberView) -> bool:
    lot_of_chance = derived("share", terms.id, member.person_key).int
    return lot_of_chance % WHOLE_BP < terms.share


def _periods(
    terms: OnceTerms, facts: Facts, member: MemberView, now: DayCount | None
) -> Sequence[str] | Sentence:
    """Return the periods that the occasion falls in now, or why it is in none."""
    if not _is_chosen(terms, member):
        return say("not_chosen")
    if terms.on == "registration":
        return (ALWAYS,)
    if terms.on == "first_purchase":
        return (ALWAYS,) if member.receipts == 0 else say("not_first")
    if terms.goal is not None:
        reached = _goal_period(terms.goal, facts, member, now)
        return reached if isinstance(reached, Sentence) else (reached,)
    days = days_of(member, _name_of(terms))
    if not days:
        return say("no_day")
    near = [(of, _year_around(terms, of, facts.day)) for of in days]
    periods = [_period(terms, of, year) for of, year in near if year is not None]
    return periods or say("not_these_days")


def _period(terms: OnceTerms, of: date, year: str) -> str:
    """Name the year of an anniversary; of a date that may have others of its name, the date too."""
    return year if terms.of is None else f"{year} {of.isoformat()}"


def _year_around(terms: OnceTerms, of: date, today: date) -> str | None:
    """Return the year of the anniversary whose window a day is in; the day itself is the first."""
    first = of.year + 1 if terms.on == "anniversary" else of.year
    year = year_around(of, today, terms, first_year=first)
    return None if year is None else str(year)


def next_days(terms: OnceTerms, member: MemberView, today: date) -> tuple[date, date] | None:
    """Return the next days, both included, around a date of the member's that a grant is of."""
    before, after = timedelta(days=terms.before_days), timedelta(days=terms.after_days)
    found = [
        (day - before, day + after)
        for of in days_of(member, _name_of(terms))
        for year in range(today.year, min(today.year + YEARS_AHEAD, date.max.year))
        if year >= of.year + (terms.on == "anniversary")
        if (day := anniversary(of, year, terms.leap_day)) - before > today
    ]
    return min(found, default=None)


def _name_of(terms: OnceTerms) -> str:
    return terms.of or (BIRTHDAY if terms.on == "birthday" else REGISTRATION)


def _had(member: MemberView, once: UUID) -> bool:
    """Tell whether a member got it: a lot is named by its account, before that it was by itself."""
    return once in member.history.once or any(
        own.id in (once, account_lot(once, own.account)) for own in member.lots
    )
