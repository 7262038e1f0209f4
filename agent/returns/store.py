"""What has been returned of each sale."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, func, insert, select
from sqlmodel import Field

from agent.schema import JournalTable, id_field, table_of
from shared.wire.facts import ReturnedLine


class ReturnedRecord(JournalTable, table=True):
    """A line of a return; quantities in thousandths, kopecks, hundredths of a point."""

    __tablename__ = "returned"

    uid: UUID = id_field(primary_key=True)
    line_no: int = Field(primary_key=True)
    sale: UUID = id_field(index=True)
    quantity: int
    restored_points: int
    taken_points: int


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier returns of a sale have moved, by line."""

    quantities: dict[int, int]
    restored: dict[int, int]
    taken: dict[int, int]


_RETURNED = table_of(ReturnedRecord)


def before(connection: Connection, sale: UUID) -> Before:
    """Sum up the earlier returns of a sale."""
    rows = connection.execute(
        select(
            _RETURNED.c.line_no,
            func.sum(_RETURNED.c.quantity),
            func.sum(_RETURNED.c.restored_points),
            func.sum(_RETURNED.c.taken_points),
        )
        .where(_RETURNED.c.sale == sale)
        .group_by(_RETURNED.c.line_no)
    ).all()
    return Before(
        quantities={row[0]: row[1] for row in rows},
        restored={row[0]: row[2] for row in rows},
        taken={row[0]: row[3] for row in rows},
    )


def add(connection: Connection, uid: UUID, sale: UUID, lines: Sequence[ReturnedLine]) -> None:
    """Remember a return, in the transaction of its fact."""
    connection.execute(
        insert(_RETURNED),
        [
            {
                "uid": uid,
                "line_no": line.no,
                "sale": sale,
                "quantity": line.quantity,
                "restored_points": line.restored_points,
                "taken_points": line.taken_points,
            }
            for line in lines
        ],
    )
