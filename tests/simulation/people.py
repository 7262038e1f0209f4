"""The customers of the estate: who they are, where they shop, and what their families have."""

import random
from dataclasses import dataclass, field

_FIRST = ("Анна", "Пётр", "Ольга", "Иван", "Алёна", "Семён", "Мария", "Олег", "Вера", "Фёдор")
_LAST = ("Петров", "Иванов", "Сидоров", "Смирнов", "Королёв", "Зайцев", "Белов", "Орлов")
SHARED_PHONES = 0.06


@dataclass(slots=True)
class Customer:
    """A person; `cards` are those that he was given, in order."""

    no: int
    first: str
    last: str
    phone: str
    stores: tuple[int, int]
    cards: list[str] = field(default_factory=list)

    def name(self, variant: int) -> str:
        """Return the name as one of several cashiers writes it."""
        plain = f"{self.first} {self.last}"
        turned = f"{self.last} {self.first}"
        forms = (
            plain,
            turned,
            plain.upper(),
            plain.replace("ё", "е"),
            f"{self.first[0]}. {self.last}",
        )
        return forms[variant % len(forms)]


def make_customers(count: int, stores: int, chance: random.Random) -> list[Customer]:
    """Return customers with one or two usual stores; some share a phone with the one before."""
    people: list[Customer] = []
    for no in range(count):
        home = no % stores
        second = chance.randrange(stores)
        shared = people and chance.random() < SHARED_PHONES
        phone = people[-1].phone if shared else f"+7916{no:07d}"
        first, last = chance.choice(_FIRST), chance.choice(_LAST)
        people.append(Customer(no, first, last, phone, (home, second)))
    return people
