"""What one person types while another changes the same: only what he changed himself is his."""

from collections.abc import Mapping

from shared.errors import Kind, LoyaltyError


class ChangedMeanwhileError(LoyaltyError):
    """A field that somebody else has changed since a page was opened."""

    kind = Kind.CONFLICT
    code = "changed_meanwhile"
    ru = (
        "Пока страница была открыта, другой сотрудник записал «{now}» вместо «{was}». "
        "Сохраните ещё раз, если верно ваше."
    )
    en = (
        "While the page was open somebody else wrote “{now}” instead of “{was}”. "
        "Save again if yours is right."
    )


def merged(
    now: Mapping[str, str], typed: Mapping[str, str], seen: Mapping[str, str]
) -> dict[str, str]:
    """Return fields as they are now, with those that were typed otherwise than they were seen.

    A field of which it is not known how it was seen counts as typed. Raises ChangedMeanwhileError
    for one that two have changed, each in his way.
    """
    fields = dict(now)
    for name, value in typed.items():
        was = seen.get(name)
        if was is not None and value == was:
            continue
        if was is not None and now[name] not in (was, value):
            raise ChangedMeanwhileError(was=was, now=now[name])
        fields[name] = value
    return fields
