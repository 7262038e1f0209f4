"""The HTTP client to the centre: whom it trusts, and how long it waits."""

import ssl
from ipaddress import ip_address

import httpx

from agent.settings import AgentSettings
from shared.errors import Kind, LoyaltyError

CAUSES_MAX = 8
"""Of a failure, one behind the other."""


class BadAuthorityError(LoyaltyError):
    """A file of certificates that cannot be read: nothing starts."""

    kind = Kind.INVALID
    code = "bad_authority"
    ru = "Сертификаты в {file} не читаются: {reason}."
    en = "The certificates in {file} cannot be read: {reason}."


class PlainLineError(LoyaltyError):
    """A centre on another machine without TLS: whoever is on the way could answer for it."""

    kind = Kind.INVALID
    code = "plain_line"
    ru = (
        "Центр {url} не на этой машине, а линия к нему не зашифрована: укажите адрес https://. "
        "Если это собственный туннель сети, то centre_plain = «anywhere»."
    )
    en = (
        "The centre {url} is on another machine, and the line to it has no TLS: give an address "
        "with https://. If it is a tunnel of the chain's own: centre_plain = “anywhere”."
    )


def open_client(settings: AgentSettings, read_s: float | None = None) -> httpx.Client:
    """Return a client of the centre's address; `read_s` bounds its silence, in seconds.

    With `centre_ca` it trusts the authorities of that file and no others. Raises BadAuthorityError,
    and PlainLineError for one of another machine without TLS.
    """
    if settings.centre_plain == "loopback" and not _is_safe(httpx.URL(settings.centre_url)):
        raise PlainLineError(url=settings.centre_url)
    most_s = settings.request_timeout_s
    return httpx.Client(
        base_url=settings.centre_url,
        timeout=httpx.Timeout(most_s, read=most_s if read_s is None else read_s),
        trust_env=False,
        verify=_trusted(settings),
    )


def why(error: httpx.HTTPError) -> str:
    """Return a word for what an exchange failed at; of a certificate also what is wrong with it."""
    cause: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate: {cause.verify_message}"
        cause = cause and (cause.__cause__ or cause.__context__)
    return type(error).__name__


def _is_safe(url: httpx.URL) -> bool:
    """Tell whether nobody but the centre itself can answer under an address."""
    if url.scheme == "https" or url.host == "localhost":
        return True
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return False


def _trusted(settings: AgentSettings) -> ssl.SSLContext | bool:
    if settings.centre_ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=settings.centre_ca)
    except OSError as error:  # an SSLError is one
        raise BadAuthorityError(file=settings.centre_ca, reason=error.strerror or error) from error
