"""Who is told of alerts: an address that takes JSON, and a mailbox. Each call has a deadline."""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from urllib.parse import urlsplit

import httpx

from central.alerts.service import Sender
from central.alerts.store import Alert
from central.settings import Settings

TIMEOUT_S = 10.0
SMTP_PORT = 25
SHOWN_MAX = 200
"""Alerts of a message one by one; of more it tells how many."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes `{"at", "alerts": [...]}` by POST."""

    url: str
    transport: httpx.BaseTransport | None = None

    @property
    def name(self) -> str:
        """Under which it is remembered how far it was told."""
        return "webhook"

    def send(self, alerts: Sequence[Alert], at: datetime) -> None:
        """Post alerts; raises OSError for whatever is no success."""
        told = {
            "at": at.isoformat(),
            "alerts": [
                {
                    "id": str(one.id),
                    "kind": one.kind,
                    "store": one.store,
                    "state": "ended" if one.ended_at else "began",
                    "began_at": one.began_at.isoformat(),
                    "ru": one.ru,
                    "en": one.en,
                }
                for one in alerts[:SHOWN_MAX]
            ],
            "more": max(0, len(alerts) - SHOWN_MAX),
        }
        try:
            with httpx.Client(
                timeout=TIMEOUT_S, transport=self.transport, trust_env=False
            ) as client:
                client.post(self.url, json=told).raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailbox, by way of an SMTP server."""

    server: str
    """`smtp://host:port`."""
    sender: str
    to: str
    language: str

    @property
    def name(self) -> str:
        """Under which it is remembered how far it was told."""
        return "mail"

    def send(self, alerts: Sequence[Alert], at: datetime) -> None:
        """Send one letter; raises OSError, of which what smtplib raises is one."""
        del at
        place = urlsplit(self.server)
        with smtplib.SMTP(place.hostname or "", place.port or SMTP_PORT, timeout=TIMEOUT_S) as line:
            line.send_message(self.letter(alerts))

    def letter(self, alerts: Sequence[Alert]) -> EmailMessage:
        """Write the letter: what began and what is over."""
        is_ru = self.language == "ru"
        began = sum(one.ended_at is None for one in alerts)
        letter = EmailMessage()
        letter["From"], letter["To"] = self.sender, self.to
        letter["Subject"] = f"Kopilka: {began} / {len(alerts)}"
        over = "прошло" if is_ru else "over"
        lines = [
            f"{one.began_at:%Y-%m-%d %H:%M} UTC  {one.ru if is_ru else one.en}"
            + (f"  ({over})" if one.ended_at else "")
            for one in alerts[:SHOWN_MAX]
        ]
        if len(alerts) > SHOWN_MAX:
            lines.append(f"+ {len(alerts) - SHOWN_MAX}")
        letter.set_content("\n".join(lines))
        return letter


def senders_of(settings: Settings) -> list[Sender]:
    """Return who is told by the settings."""
    found: list[Sender] = []
    if settings.alert_webhook:
        found.append(Webhook(settings.alert_webhook))
    if settings.alert_smtp and settings.alert_mail_to:
        found.append(
            Mail(
                settings.alert_smtp,
                settings.alert_mail_from,
                settings.alert_mail_to,
                settings.locale,
            )
        )
    return found
