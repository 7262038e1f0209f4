"""A till in 30 lines: sell with the agent, or without it and hand the sale over later."""

import sys
from pathlib import Path

from agent.till.client import Line, Payment, TillClient
from agent.till.client_queue import SaleQueue


def take_money(payable_minor: int) -> list[Payment]:
    """Let the customer pay; your fiscal printer goes here."""
    return [Payment("cash", payable_minor)]


def main(address: str, file: str, card: str) -> None:
    """Sell two pieces of cheese to the owner of a card."""
    queue = SaleQueue(Path(file))
    with TillClient(address, queue) as till:
        goods = [Line(no=1, sku="CHEESE", quantity=2000, price_minor=100_000)]
        sold = till.sell(goods, take_money, card=card, fiscal_number="17")
        print(sold.ending.value, sold.paid_minor, sold.balance_points)
        print(till.hand_over())
        for owed in queue.refused():
            print(owed.uid, owed.reason)
    queue.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
