"""Who brings one-time codes to people: the chain's gateway for messages and mail, or a folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import httpx

from central.members.proving import LIFE, Letter
from central.settings import Settings
from shared.errors import Kind, LoyaltyError
from shared.member import ProfileField

TIMEOUT_S: Final = 10.0
OWNER_ONLY: Final = 0o600
_CHANNELS: Final = {ProfileField.PHONE: "sms", ProfileField.EMAIL: "email"}
_TEXTS: Final = {
    "ru": "Код подтверждения: {code}. Он действует {minutes} минут. Никому его не сообщайте.",
    "en": "Your code is {code}. It is good for {minutes} minutes. Tell it to nobody.",
}


class NoCourierError(LoyaltyError):
    """A centre that cannot send codes."""

    kind = Kind.CONFLICT
    code = "no_courier"
    ru = "Отправлять коды некому: задайте code_webhook (или code_outbox для проб)."
    en = "Nobody sends codes: set code_webhook (or code_outbox for trials)."


class NotSentError(LoyaltyError):
    """A code that could not be handed over; it is good all the same, should it arrive."""

    kind = Kind.UNAVAILABLE
    code = "code_not_sent"
    ru = "Код не отправлен: шлюз не ответил. Повторите через минуту."
    en = "The code was not sent: the gateway did not answer. Repeat in a minute."


class Courier(Protocol):
    """Somebody who brings codes; `bring` has a deadline of its own and raises OSError if it
    failed."""

    def bring(self, letter: Letter, text: str) -> None:
        """Bring a code, once however often it is asked for by the same id."""
        ...


@dataclass(frozen=True, slots=True)
class Webhook:
    """A gateway that takes `{"id", "channel", "to", "code", "text"}` by POST."""

    url: str
    transport: httpx.BaseTransport | None = None

    def bring(self, letter: Letter, text: str) -> None:
        """Post a code; raises OSError for whatever is no success."""
        try:
            with httpx.Client(
                timeout=TIMEOUT_S, transport=self.transport, trust_env=False
            ) as client:
                client.post(self.url, json=_told(letter, text)).raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(type(error).__name__) from error


@dataclass(frozen=True, slots=True)
class Outbox:
    """A folder with a file for each code, which its owner alone may read."""

    folder: Path

    def bring(self, letter: Letter, text: str) -> None:
        """Write a code; raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{letter.id}.json"
        file.touch(mode=OWNER_ONLY)
        file.write_text(json.dumps(_told(letter, text), ensure_ascii=False), encoding="utf-8")


def courier_of(settings: Settings) -> Courier:
    """Return who brings codes by the settings; raises NoCourierError."""
    if settings.code_webhook:
        return Webhook(settings.code_webhook)
    if settings.code_outbox is not None:
        return Outbox(settings.code_outbox)
    raise NoCourierError


def text_of(letter: Letter, locale: str) -> str:
    """Return what a person reads."""
    return _TEXTS[locale].format(code=letter.code, minutes=int(LIFE.total_seconds()) // 60)


def _told(letter: Letter, text: str) -> dict[str, str]:
    return {
        "id": str(letter.id),
        "channel": _CHANNELS[letter.field],
        "to": letter.to,
        "code": letter.code,
        "text": text,
    }
