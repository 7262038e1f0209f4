"""Settings of a store agent: one TOML file and the environment, read once, frozen."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from shared.errors import Kind, LoyaltyError

ENV_PREFIX = "KOPILKA_AGENT_"


class BadSettingsError(LoyaltyError):
    """A settings file or variable that stops the start; it is named."""

    kind = Kind.INVALID
    code = "bad_settings"
    ru = "Настройки не годятся: {faults}."
    en = "The settings are not valid: {faults}."


class AgentSettings(BaseSettings):
    """What one store agent needs to know before it starts; times in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, frozen=True, extra="forbid", env_ignore_empty=True
    )

    data_dir: Path
    vault_key: Path | None = None
    """File of the key under which names lie in the agent's files; None: in the data folder."""
    centre_url: str = "http://127.0.0.1:8100"
    centre_plain: Literal["loopback", "anywhere"] = "loopback"
    """Where the centre may be reached without TLS: on this machine, or by a line that nobody else
    reads or writes, such as a tunnel of the chain's own."""
    centre_ca: Path | None = None
    """Certificates (PEM) of the authority that the centre's own is from, if it is a private one."""
    host: str = "127.0.0.1"
    port: int = Field(default=8200, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = ()
    """Names under which tills of other machines call, beside `host` and this machine's own."""
    printer: str = ""
    """Device URL of the receipt printer, such as `tcp://10.0.0.5:9100?profile=TM-T20III`."""
    print_hours: float = Field(default=24, gt=0, le=8760)
    """A slip that has waited longer for its printer is not printed any more by itself."""
    drawer_opened_by: Literal["cashier", "senior"] = "cashier"
    """Whose role may open the cash drawer."""
    scanner: str = ""
    """Device URL of the scanner, such as `serial:///dev/serial/by-id/...?baud=9600`, or
    `evdev:///dev/input/by-id/...` and `hidraw:///dev/...` for one that is a keyboard or HID-POS."""
    more_scanners: tuple[str, ...] = ()
    """Device URLs of further scanners and stripe readers of the same counter."""
    display: str = ""
    """Device URL of a customer display of two lines, such as `serial:///dev/serial/by-id/...`."""
    scanner_till: str = "1"
    """The till whose screen hears the scanner."""
    screen: bool = True
    """Whether the cashier's screen is served, at the agent's own address."""
    screen_language: Literal["ru", "en"] = "ru"
    slip_language: Literal["ru", "en"] = "ru"
    """Of what the store prints for customers."""
    screen_lock_s: int = Field(default=300, ge=10)
    """The screen asks for the PIN again when a cashier has done nothing for so long."""
    screen_consent: str = Field(default="1", min_length=1, max_length=64)
    """The version of the consent's text to which people agree when they register."""
    screens_max: int = Field(default=32, ge=1)
    journal_mirror: Path | None = None
    """Folder on another disk: facts that the centre may lack are written there too."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    request_timeout_s: float = Field(default=10.0, gt=0, le=60)
    ask_timeout_s: float = Field(default=0.3, gt=0, le=5)
    sale_timeout_s: float = Field(default=1.0, gt=0, le=5)
    """How long a return waits for what the centre knows of its sale."""
    recall_timeout_s: float = Field(default=2.0, gt=0, le=10)
    retry_first_s: float = Field(default=0.25, gt=0, le=60)
    retry_max_s: float = Field(default=8.0, gt=0, le=20)
    tail_silence_max_s: float = Field(default=12.0, gt=0, le=120)
    loop_silence_max_s: float = Field(default=120.0, gt=1, le=3600)
    """A background loop that has not got on for so long makes the agent start anew."""
    disk_scarce_mb: int = Field(default=1024, ge=0)
    disk_accrual_only_mb: int = Field(default=256, ge=0)
    disk_none_mb: int = Field(default=64, ge=0)
    """With less room: a warning; points do not pay any more; nothing new is begun."""
    keep_facts_days: float = Field(default=90, gt=0, le=3650)
    """How long facts stay in the journal that a confirmed backup of the centre holds."""
    keep_personal_days: float = Field(default=7, gt=0, le=3650)
    """How long names and phones of registrations stay in it, as they were said at the till."""
    body_bytes_max: int = Field(default=256 * 1024, ge=1024)
    lines_max: int = Field(default=500, ge=1)
    reserves_max: int = Field(default=200, ge=1)
    event_listeners_max: int = Field(default=32, ge=1)
    cashier_session_s: int = Field(default=12 * 3600, ge=60)
    pin_failures_max: int = Field(default=5, ge=1)
    pin_lock_s: int = Field(default=300, ge=1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings(file: Path | None, **given: Any) -> AgentSettings:
    """Read the settings; raises BadSettingsError naming the key that is wrong."""

    class FromFile(AgentSettings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return FromFile(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        raise BadSettingsError(faults=faults) from error
    except ValueError as error:
        raise BadSettingsError(faults=f"{file}: {error}") from error
