"""`kopilka central policy`: what the programmes' choices about redeeming offline can cost."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from central.shell import opened

if TYPE_CHECKING:
    from rich.table import Table

    from central.leases.risk import Held, Programme

policy_app = typer.Typer(no_args_is_help=True, help="What programmes allow offline.")


@policy_app.callback()
def policy() -> None:
    """What programmes allow offline."""


SILENT_SHOWN_MAX = 50
LANGUAGES: Final = ("ru", "en")
_WORDS: Final = {
    "programme": ("Программа {name} {version}", "Programme {name} {version}"),
    "forbid": (
        "без связи бонусы не списываются: риск 0",
        "offline no points are redeemed: the risk is 0",
    ),
    "lease": (
        "без связи списывается только закреплённое за магазином: риск 0, пока ни один магазин "
        "не списан и ни один диск не восстановлен и не скопирован",
        "offline only what a store has leased is redeemed: the risk is 0 unless a store is "
        "written off or a disk restored or copied",
    ),
    "limit": (
        "без связи сверх закреплённого: за чек до {receipt}, участник в магазине до {member}, "
        "магазин до {store} бонусов",
        "offline beyond the lease: a receipt {receipt}, a member at a store {member}, "
        "a store {store} points",
    ),
    "signed_pass": (
        "без связи сверх закреплённого по пропуску: до {most} бонусов в каждом магазине один раз, "
        "пропуск действует {days} дн.",
        "offline beyond the lease by a pass: up to {most} points at each store, once; a pass is "
        "good for {days} days",
    ),
    "bound": ("Не больше", "At most"),
    "formula": ("формула", "formula"),
    "silent": ("молчат сейчас: {count}", "silent now: {count}"),
    "all": ("если замолчат все: {count}", "if all fall silent: {count}"),
    "one_member": ("один участник", "one member"),
    "everybody": ("все участники", "all members"),
    "by_balances": ("по балансам сегодня", "by today's balances"),
    "of_member": ("магазины × {member}", "stores × {member}"),
    "of_all": (
        "магазины × min({store}; участники {accounts} × {member})",
        "stores × min({store}; members {accounts} × {member})",
    ),
    "of_balances": (
        "магазины × min({store}; {capped} — из {points}, участников {members})",
        "stores × min({store}; {capped} — of {points}, members {members})",
    ),
    "of_pass": ("магазины × пропуск {points}", "stores × a pass of {points}"),
    "of_passes": (
        "магазины × действующие пропуска {points} ({passes})",
        "stores × good passes {points} ({passes})",
    ),
    "forgotten": (
        "Центр восстановлен из копии: о пропусках, которые он выдал после неё, он не знает. До "
        "{until} UTC считаем в каждом магазине по одному на участника: {passes} × {points}; "
        "выданных сверх того (--anew) здесь нет.",
        "The centre was restored from a backup: it does not know the passes that it issued after "
        "it. Until {until} UTC each store counts one a member: {passes} × {points}; those issued "
        "besides (--anew) are not in it.",
    ),
    "sum": ("{points} бонусов = {rubles} ₽", "{points} points = {rubles} ₽"),
    "sentence": (
        "Магазинов молчит {silent} из {stores}: то, чего они не сообщили, станет долгом участников "
        "не больше {rubles} ₽.",
        "Silent stores: {silent} of {stores}. What they have not told becomes members' debt of at "
        "most {rubles} ₽.",
    ),
    "held": ("Магазин списан: потеряно не больше, чем за ним закреплено", "A store written off: "
             "at most what it holds is lost"),
    "store": ("магазин", "store"),
    "epoch": ("эпоха", "epoch"),
    "seen": ("на связи (UTC)", "heard (UTC)"),
    "lots": ("партий", "lots"),
    "points": ("бонусов", "points"),
    "rubles": ("₽", "₽"),
    "certificates": ("сертификаты, ₽", "certificates, ₽"),
    "uses": ("коды", "codes"),
    "write_off": (
        "Списание молчащих ({count}) стоит не больше {rubles} ₽; остальные держат {rest} ₽.",
        "Writing off the silent ones ({count}) costs at most {rubles} ₽; the others hold {rest} ₽.",
    ),
    "by_itself": (
        "Магазин, который молчит {days} дн., списывается сам.",
        "A store that is silent for {days} days is written off by itself.",
    ),
    "more": ("… и ещё {count}", "… and {count} more"),
    "no_stores": (
        "ни один магазин не работает по пакету правил",
        "no store works by a pack of rules",
    ),
}  # fmt: skip


def _say(lang: str, key: str, **values: object) -> str:
    return _WORDS[key][LANGUAGES.index(lang)].format(**values)


@policy_app.command("risk")
def show_risk(
    ctx: typer.Context,
    lang: Annotated[str, typer.Option(help="ru or en; left out, the settings' locale.")] = "",
) -> None:
    """Print what redeeming offline can cost at most: by limit, and by each store written off."""
    from rich.console import Console

    from central.leases.risk import risk
    from central.shell import settings_of

    lang = lang or settings_of(ctx).locale
    if lang not in LANGUAGES:
        raise typer.BadParameter(f"one of {', '.join(LANGUAGES)}", param_hint="--lang")
    with opened(ctx) as centre:
        found = risk(centre)
    console = Console(width=None if Console().is_terminal else 160, highlight=False)
    if not found.programmes:
        typer.echo(_say(lang, "no_stores"))
    for programme in found.programmes:
        for part in _programme(programme, lang):
            console.print(part)
    for part in _written_off(found.held, lang):
        console.print(part)
    if days := settings_of(ctx).write_off_after_days:
        console.print(_say(lang, "by_itself", days=days))


def _programme(programme: "Programme", lang: str) -> "Iterator[str | Table]":
    from shared.points import format_points

    pack, policies = programme.pack, programme.pack.policies
    caps = zip(("receipt", "member", "store"), policies.offline_caps, strict=True)
    told = {name: format_points(cap) for name, cap in caps}
    told |= {"most": format_points(policies.offline_pass_points)}
    told |= {"days": str(policies.offline_pass_days)}
    yield _say(lang, "programme", name=pack.name, version=pack.version)
    yield _say(lang, policies.offline_redemption, **told)
    silent = len(programme.silent)
    if policies.offline_redemption == "limit":
        yield _limits(programme, told, lang)
        at_most = programme.of_all(silent)
    elif policies.offline_redemption == "signed_pass":
        yield _passes(programme, lang)
        if (forgotten := programme.forgotten) is not None:
            until, passes = f"{forgotten.until:%d.%m.%Y %H:%M}", forgotten.passes.passes
            each = format_points(forgotten.passes.of_member)
            yield _say(lang, "forgotten", until=until, passes=passes, points=each)
        at_most = programme.by_passes(programme.silent)
    else:
        return
    yield _say(
        lang,
        "sentence",
        silent=silent,
        stores=len(programme.stores),
        rubles=format_points(programme.rubles(at_most)),
    )


def _passes(programme: "Programme", lang: str) -> "Table":
    from shared.points import format_points

    groups = (programme.silent, programme.stores)
    now = max(programme.passes.values(), key=lambda one: one.points)
    told = {"points": format_points(now.points), "passes": now.passes}
    rows = {
        ("one_member", _say(lang, "of_pass", points=format_points(now.of_member))): [
            programme.of_member_by_passes(group) for group in groups
        ],
        ("everybody", _say(lang, "of_passes", **told)): [
            programme.by_passes(group) for group in groups
        ],
    }
    table = _bounds(programme, lang)
    for (what, formula), sums in rows.items():
        table.add_row(_say(lang, what), formula, *_sums(programme, sums, lang))
    return table


def _bounds(programme: "Programme", lang: str) -> "Table":
    """Return a table for bounds: now, and if all stores fall silent."""
    return _table(
        _say(lang, "bound"),
        _say(lang, "formula"),
        _say(lang, "silent", count=len(programme.silent)),
        _say(lang, "all", count=len(programme.stores)),
    )


def _sums(programme: "Programme", sums: "Iterable[int]", lang: str) -> list[str]:
    from shared.points import format_points

    return [
        _say(
            lang,
            "sum",
            points=format_points(points),
            rubles=format_points(programme.rubles(points)),
        )
        for points in sums
    ]


def _limits(programme: "Programme", told: dict[str, str], lang: str) -> "Table":
    from shared.points import format_points

    counts = (len(programme.silent), len(programme.stores))
    has = programme.balances
    told = {
        **told,
        "accounts": str(has.accounts),
        "members": str(has.members),
        "points": format_points(has.points),
        "capped": format_points(has.capped),
    }
    table = _bounds(programme, lang)
    store_cap = programme.pack.policies.offline_store_points
    rows = {
        ("one_member", "of_member"): [programme.of_member(count) for count in counts],
        ("everybody", "of_all"): [programme.of_all(count) for count in counts],
        ("by_balances", "of_balances"): [count * min(store_cap, has.capped) for count in counts],
    }
    for (what, formula), sums in rows.items():
        bounds = _sums(programme, sums, lang)
        table.add_row(_say(lang, what), _say(lang, formula, **told), *bounds)
    return table


def _written_off(held: "Iterable[Held]", lang: str) -> "Iterator[str | Table]":
    from shared.money import format_money
    from shared.points import format_points

    silent = [one for one in held if one.is_silent]
    rest_minor = sum(one.worth_minor for one in held if not one.is_silent)
    columns = ("store", "epoch", "seen", "lots", "points", "rubles", "certificates", "uses")
    table = _table(*(_say(lang, name) for name in columns))
    for one in silent[:SILENT_SHOWN_MAX]:
        table.add_row(
            one.store,
            str(one.epoch),
            f"{one.seen_at:%Y-%m-%d %H:%M}",
            str(one.lots),
            format_points(one.points),
            format_money(one.points_minor),
            format_money(one.certificates_minor),
            str(one.uses),
        )
    yield _say(lang, "held")
    if silent:
        yield table
    if len(silent) > SILENT_SHOWN_MAX:
        yield _say(lang, "more", count=len(silent) - SILENT_SHOWN_MAX)
    at_stake = format_money(sum(one.worth_minor for one in silent))
    yield _say(lang, "write_off", count=len(silent), rubles=at_stake, rest=format_money(rest_minor))


def _table(*columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place < 2 else "right")
    return table
