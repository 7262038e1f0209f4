"""Names in a pack: that they are known, and that none is given twice."""

from collections.abc import Container, Iterable

from shared.rules.faults import PackError


def unique(names: Iterable[str], path: str, key: str) -> None:
    """Raise PackError at the first of numbered parts whose name was there before."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            raise PackError(
                f"{path}.{place}.{key}",
                "repeated",
                ru=f"«{name}» повторяется",
                en=f"'{name}' is repeated",
            )
        seen.add(name)


def known(names: Iterable[str], declared: Container[str], path: str) -> None:
    """Raise PackError at the first name that is not declared."""
    for name in names:
        if name not in declared:
            raise unknown(path, name)


def unknown(path: str, name: str) -> PackError:
    """Return the fault of a name that is not declared."""
    return PackError(
        path, "unknown_name", ru=f"«{name}» не объявлено", en=f"'{name}' is not declared"
    )
