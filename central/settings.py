"""The centre's settings: from one TOML file and `KOPILKA_CENTRAL_*`, read once."""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from shared.errors import Kind, LoyaltyError
from shared.wire.codec import BODY_BYTES_MAX

ENV_PREFIX = "KOPILKA_CENTRAL_"
DATABASES = ("sqlite", "postgresql+psycopg")
NOWHERE = (None, "", ":memory:")
"""What names no database, or one of SQLite's that ends with its connection."""
DATABASE_FORMS = (
    "expected postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE or sqlite:////FOLDER/FILE"
)


class WrongSettingsError(LoyaltyError):
    """A key that is not known, or a value that does not fit: nothing starts."""

    kind = Kind.INVALID
    code = "wrong_settings"
    ru = "Настройка {key} неверна: {reason}."
    en = "Setting {key} is wrong: {reason}."


class Settings(BaseSettings):
    """Everything that may differ between two centres; limits are upper bounds, times in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, frozen=True, extra="forbid", validate_default=True
    )

    data_dir: Path = Path("kopilka-central")
    """Holds the database file (unless `database_url` names another place) and `keys/`."""
    database_url: str = ""
    erasures_file: Path | None = None
    """Whom the centre has erased, outside of the database: what is put back from a backup is erased
    again by it. None: `erasures.list` in the data folder."""
    host: str = "127.0.0.1"
    port: int = Field(default=8100, ge=0, le=65535)
    card_prefix: str = Field(default="29", pattern=r"^\d{1,6}$")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    locale: Literal["ru", "en"] = "ru"
    """Of the sentences that the command line prints."""

    first_need: int = Field(default=2_000_00, ge=0)
    """Hundredths of a point that a member who has not redeemed yet may want at once: so much his
    most usual store holds before others get a share. Later his own receipts tell."""

    gift_points_max: int = Field(default=10_000_00, gt=0)
    """Hundredths of a point that may be given by hand to a member at once."""
    gift_points_a_day_max: int = Field(default=5_000_000_00, gt=0)
    """To all members together, by one who gives, in a day of UTC."""

    pack_review: Literal["required", "off"] = "required"
    """Whether a pack after the first one must be a draft that another person has approved, or may
    be published from a file by one person alone."""

    support_points_max: int = Field(default=500_00, ge=0)
    operator_points_max: int = Field(default=5_000_00, ge=0)
    """Hundredths of a point that one person of a role corrects at once; a second one has to agree
    to more, up to `gift_points_max`."""
    support_points_a_day_max: int = Field(default=5_000_00, ge=0)
    operator_points_a_day_max: int = Field(default=50_000_00, ge=0)
    """The same of all that one person corrects alone in a day of UTC."""

    alert_silent_s: int = Field(default=86_400, gt=0)
    alert_unsent_s: int = Field(default=7_200, gt=0)
    alert_queue_facts: int = Field(default=5_000, gt=0)
    alert_behind_changes: int = Field(default=100_000, gt=0)
    alert_clock_s: int = Field(default=300, gt=0)
    """From when on a store is an alert."""
    alert_webhook: str = ""
    """An address that takes alerts as JSON."""
    alert_mail_to: str = ""
    """A mailbox that gets them as letters."""
    alert_mail_from: str = "kopilka@localhost"
    alert_smtp: str = Field(default="", pattern=r"^(smtps?://[^/@]+)?$")
    """The server that takes the letters: `smtp://127.0.0.1:25` as it is, `smtps://…:465` by TLS."""
    alert_smtp_user: str = ""
    alert_smtp_password: str = Field(default="", repr=False)
    """Who signs in there: by `smtp://` only behind STARTTLS."""
    alert_smtp_ca: Path | None = None
    """Certificates (PEM) of the authority of the mail server's, if it is a private one."""

    code_webhook: str = Field(default="", pattern=r"^(https?://.+)?$")
    """The gateway that takes one-time codes as JSON, and sends them to phones and mailboxes."""
    code_outbox: Path | None = None
    """For trials: a folder where they are put as files instead."""

    console_idle_s: int = Field(default=1800, gt=0)
    console_session_s: int = Field(default=12 * 3600, gt=0)
    """A session of the console ends when it is not used, and in any case."""
    console_max: int = Field(default=4, gt=0)
    """Requests of the console that are worked on at once."""

    body_bytes_max: int = Field(default=BODY_BYTES_MAX, gt=0)
    body_max_s: float = Field(default=60, gt=0)
    """How long a request's body may take to come, beside a second for each 512 bytes that have:
    meanwhile it only has a place to wait."""
    tail_poll_ms: int = Field(default=100, gt=0)
    tail_keep_alive_s: float = Field(default=5, gt=0)
    tail_listeners_max: int = Field(default=2000, gt=0)
    tail_listener_frames_max: int = Field(default=64, gt=0)
    """Frames that wait for a listener that does not read; one more ends its connection."""
    asks_max: int = Field(default=16, gt=0)
    pushes_max: int = Field(default=8, gt=0)
    backlog_pushes_max: int = Field(default=1, gt=0)
    reads_max: int = Field(default=8, gt=0)
    """Requests of a sort that are worked on at once; together fewer than this process's threads. A
    batch of a backlog keeps a processor busy: more at once only stand in the way of tills."""
    waiting_max: int = Field(default=64, gt=0)
    waiting_max_s: float = Field(default=2, gt=0)
    """How many of a sort may wait, and how long; who finds no place is told when to come back."""
    write_off_after_days: int = Field(default=0, ge=0)
    """A store that was not heard for so many days is written off by itself; 0: by a person only."""
    silence_every_s: int = Field(default=3600, gt=0)
    """First so long after a start: stores have time to be heard."""
    check_at_hour: int = Field(default=0, ge=0, le=23)
    """Of UTC: when the ledger's laws are looked at, each night."""
    expiry_every_s: int = Field(default=600, gt=0)
    seal_every_s: int = Field(default=5, gt=0)
    budgets_every_s: int = Field(default=300, gt=0)
    tidy_every_s: int = Field(default=60, gt=0)
    count_every_s: int = Field(default=5, gt=0)
    """How often new changes are counted into the rows that snapshots are read from."""
    prune_every_s: int = Field(default=3600, gt=0)
    changes_kept_days: int = Field(default=14, gt=0)
    """A replica that is older reads a snapshot instead of the changes."""
    audit_every_s: int = Field(default=5, gt=0)
    measure_every_s: int = Field(default=60, gt=0)

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, url: str) -> str:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        if not url:
            return url
        try:
            named = make_url(url)
        except (ArgumentError, ValueError) as error:  # the latter of a port that is no number
            raise PydanticCustomError("database_url", DATABASE_FORMS) from error
        if named.drivername not in DATABASES or named.database in NOWHERE:
            raise PydanticCustomError("database_url", DATABASE_FORMS)
        return url

    @property
    def database(self) -> str:
        """The URL of the database; an SQLite file in the data folder by default."""
        return self.database_url or f"sqlite:///{self.data_dir / 'central.db'}"

    @property
    def erasures(self) -> Path:
        """The file of erasures; each process has one, or shares one with those of its machine."""
        return self.erasures_file or self.data_dir / "erasures.list"

    @property
    def keys_dir(self) -> Path:
        """The folder of secrets, readable by the owner alone."""
        return self.data_dir / "keys"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the command line first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings(config: Path | None, **overrides: object) -> Settings:
    """Read the settings of a file (if one is named); raises WrongSettingsError with the key."""

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=config)

    given: dict[str, Any] = {key: value for key, value in overrides.items() if value is not None}
    _check_environment()
    if config is not None and not config.is_file():
        raise WrongSettingsError(key="--config", reason=f"{config} is not a file")
    try:
        return FromFile(**given)
    except tomllib.TOMLDecodeError as error:
        raise WrongSettingsError(key=config, reason=str(error)) from error
    except ValidationError as error:
        fault = error.errors()[0]
        raise WrongSettingsError(
            key=".".join(str(part) for part in fault["loc"]), reason=fault["msg"]
        ) from error


def _check_environment() -> None:
    known = {f"{ENV_PREFIX}{key}".upper() for key in Settings.model_fields}
    for key in sorted(os.environ):
        if key.startswith(ENV_PREFIX) and key not in known:
            raise WrongSettingsError(key=key, reason="no such setting")
