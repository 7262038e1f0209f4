"""What routes are given: the station, who is signed in, and a digest of what was asked."""

from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from agent import cashiers
from agent.station import Station
from shared.crypto.chain import digest
from shared.wire.codec import encode


async def station_of(request: Request) -> Station:
    """Return the station that the app serves."""
    station: Station = request.app.state.station
    return station


def _cashier(
    station: Annotated[Station, Depends(station_of)],
    kopilka_cashier: Annotated[str | None, Header(description="A cashier's sign-in")] = None,
) -> str:
    if kopilka_cashier is None:
        return ""
    return cashiers.cashier_of(station, kopilka_cashier, station.time.now())


def _signed_in(cashier: Annotated[str, Depends(_cashier)]) -> str:
    if not cashier:
        raise cashiers.NoCashierSessionError
    return cashier


Here = Annotated[Station, Depends(station_of)]
Cashier = Annotated[str, Depends(_cashier)]
SignedIn = Annotated[str, Depends(_signed_in)]
"""A cashier for what nobody may do who has not signed in."""


def content_of(body: BaseModel, *place: object) -> bytes:
    """Return the digest by which a repeated body is told from another one."""
    return digest(encode([*(str(part) for part in place), body.model_dump(mode="json")]))
