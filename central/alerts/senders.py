"""Who is told of alerts: an address that takes JSON, and a mailbox. Each call has a deadline."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from central.alerts.service import Sender
from central.alerts.store import Alert
from central.settings import Settings

TIMEOUT_S = 10.0
SMTP_PORT = 25
SMTPS_PORT = 465
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
    """`smtp://host:port`, or `smtps://host:port` by TLS from the first byte."""
    sender: str
    to: str
    language: str
    user: str = ""
    """Who signs in; then `smtp://` goes on by STARTTLS, or not at all."""
    password: str = field(default="", repr=False)
    authority: Path | None = None
    timeout_s: float = TIMEOUT_S
    """Of each answer of the server."""

    @property
    def name(self) -> str:
        """Under which it is remembered how far it was told."""
        return "mail"

    def send(self, alerts: Sequence[Alert], at: datetime) -> None:
        """Send one letter; raises OSError, of which what smtplib raises is one."""
        with self._line() as line:
            if self.user:
                line.login(self.user, self.password)
            line.send_message(self.letter(alerts, at))

    def _line(self) -> smtplib.SMTP:
        """Connect; a password never goes over a line that others can read."""
        place = urlsplit(self.server)
        host = place.hostname or ""
        if place.scheme == "smtps":
            trusting = ssl.create_default_context(cafile=self.authority)
            port = place.port or SMTPS_PORT
            return smtplib.SMTP_SSL(host, port, timeout=self.timeout_s, context=trusting)
        line = smtplib.SMTP(host, place.port or SMTP_PORT, timeout=self.timeout_s)
        if self.user:
            try:
                line.starttls(context=ssl.create_default_context(cafile=self.authority))
            except BaseException:
                line.close()
                raise
        return line

    def letter(self, alerts: Sequence[Alert], at: datetime) -> EmailMessage:
        """Write the letter: what began and what is over."""
        is_ru = self.language == "ru"
        began = sum(one.ended_at is None for one in alerts)
        letter = EmailMessage()
        letter["From"], letter["To"] = self.sender, self.to
        letter["Date"], letter["Message-ID"] = at, make_msgid(domain="kopilka.invalid")
        ended = len(alerts) - began
        counted = (
            f"начались: {began}, прошли: {ended}" if is_ru else f"began: {began}, over: {ended}"
        )
        letter["Subject"] = f"Kopilka: {'тревоги' if is_ru else 'alerts'}, {counted}"
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
                settings.alert_smtp_user,
                settings.alert_smtp_password,
                settings.alert_smtp_ca,
            )
        )
    return found
