"""Every setting, its default and its meaning. Read at the roots (main, cli) and passed on.

docs/settings.md holds the same table; tests/test_settings.py holds the two together.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import __version__
from app.domain import faq
from app.domain.price import Prices
from app.domain.subjects import Subjects
from app.errors import BadInput, Misconfigured

PREFIX = "FRESHPRINT_"
ASKED = "asked"
POLITE = 3.0  # seconds: arXiv's terms of use for its interfaces


class Settings(BaseSettings):
    """The program's settings, from the environment (prefix `FRESHPRINT_`) or a `.env` file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
        arbitrary_types_allowed=True,
    )

    database_url: str = Field(
        "",
        description="SQLAlchemy or libpq URL of a Postgres server, 15 or newer; "
        "empty: an embedded server in DATA_DIR",
    )
    data_dir: Path = Field(Path("data"), description="embedded database and caches")
    host: str = Field("127.0.0.1", description="address the site listens on")
    port: int = Field(8000, ge=0, le=65535, description="port the site listens on")
    base_url: str = Field(
        "", description="what the site calls itself to others; empty: `http://HOST:PORT`"
    )
    categories: Annotated[Subjects, NoDecode] = Field(
        default_factory=Subjects.everything,
        description="what the fetcher follows: an expression such as `cs+stat.ML-cs.CY`; "
        "empty: all active archives",
    )
    arxiv_feeds_url: str = Field("https://rss.arxiv.org", description="arXiv's RSS and Atom feeds")
    arxiv_oai_url: str = Field("https://oaipmh.arxiv.org/oai", description="arXiv's OAI-PMH")
    arxiv_api_url: str = Field("https://export.arxiv.org/api/query", description="arXiv's API")
    arxiv_url: str = Field("https://arxiv.org", description="abs, html, pdf and list pages")
    arxiv_spacing: float = Field(
        3.0, ge=0, description="seconds between requests to arXiv, over all processes"
    )
    arxiv_crawl_spacing: float = Field(
        15.0,
        ge=0,
        description="the same for pages of arxiv.org read in the background (its robots.txt)",
    )
    contact: str = Field(
        "",
        description="how arXiv can reach you (an e-mail address), put into the User-Agent: "
        "`freshprint/VERSION (+BASE_URL; CONTACT)`",
    )
    llm_base_url: str = Field(
        "",
        validation_alias=AliasChoices(f"{PREFIX}LLM_BASE_URL", "OPENAI_BASE_URL"),
        description="any OpenAI-compatible endpoint, such as `https://api.moonshot.cn/v1`; "
        "`OPENAI_BASE_URL` is read too; empty: no FAQs, and the page says how to turn them on",
    )
    llm_api_key: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices(f"{PREFIX}LLM_API_KEY", "OPENAI_API_KEY"),
        description="its key, where it wants one; `OPENAI_API_KEY` is read too",
    )
    llm_model: str = Field("", description="the model's name there; empty: no FAQs")
    llm_context: int = Field(
        128_000, ge=4_000, description="tokens that the model can read and write at once"
    )
    llm_reply: int = Field(4_000, ge=200, description="tokens that one answer may take")
    llm_concurrency: int = Field(
        4, ge=1, le=1_000, description="FAQs written at once, over all workers"
    )
    llm_per_minute: float | None = Field(
        None, gt=0, description="requests to the model a minute, over all workers; empty: no limit"
    )
    llm_daily_budget: Decimal | None = Field(
        None,
        ge=0,
        description="money a day (UTC) after which no new FAQ is begun until the next; needs "
        "prices; empty: no limit",
    )
    llm_price_in: Decimal | None = Field(
        None, ge=0, description="price of a million tokens read; empty: no costs are told"
    )
    llm_price_cached: Decimal | None = Field(
        None, ge=0, description="the same for those from the provider's cache; empty: as others"
    )
    llm_price_out: Decimal | None = Field(None, ge=0, description="the same for tokens written")
    summary_languages: str = Field(
        "en,zh", description="languages in which FAQs are offered, the first where none fits"
    )
    summary_auto: str = Field(
        "asked",
        description="`asked`: a FAQ is written at the first click; or an expression of categories "
        "whose new papers get theirs by themselves",
    )
    summary_renew: bool = Field(
        False, description="whether a paper's new version gets a new FAQ by itself where it had one"
    )
    summary_prompts: Path | None = Field(
        None,
        description="a folder of prompts of your own (see `app/llm/prompts/v1`); empty: ours",
    )
    own_questions: int = Field(
        0,
        ge=0,
        description="questions of their own that a reader may put to a paper a day; 0: none",
    )
    now: datetime | None = Field(
        None,
        description="an ISO time (UTC where it names no zone): the program's clock starts there "
        "and runs on, for replays and tests",
    )
    log_format: Literal["text", "json"] = Field("text", description="`text` or `json` log lines")
    metrics: bool = Field(
        True, description="`on` or `off`: whether `/metrics` answers, in Prometheus' text"
    )

    @field_validator("categories", mode="before")
    @classmethod
    def _expression(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return Subjects.parse(value) if value.strip() else Subjects.everything()

    @field_validator("now")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value

    @field_validator("summary_languages")
    @classmethod
    def _tags(cls, value: str) -> str:
        return ",".join(faq.languages(value))

    @field_validator("summary_auto")
    @classmethod
    def _auto(cls, value: str) -> str:
        return value if value == ASKED else str(Subjects.parse(value))

    @field_validator(
        "base_url",
        "arxiv_feeds_url",
        "arxiv_oai_url",
        "arxiv_api_url",
        "arxiv_url",
        "llm_base_url",
    )
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        if "@" in urlsplit(value).netloc:
            raise ValueError("must hold no name or password: addresses are shown")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _polite(self) -> Self:
        asked = (self.arxiv_feeds_url, self.arxiv_oai_url, self.arxiv_api_url, self.arxiv_url)
        real = any((urlsplit(url).hostname or "").endswith("arxiv.org") for url in asked)
        if real and min(self.arxiv_spacing, self.arxiv_crawl_spacing) < POLITE:
            raise ValueError(f"ARXIV_SPACING: arXiv asks for {POLITE:g} seconds between requests")
        return self

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.llm_daily_budget is not None and self.prices is None:
            raise ValueError("LLM_DAILY_BUDGET: needs LLM_PRICE_IN and LLM_PRICE_OUT")
        return self

    @property
    def writes_faqs(self) -> bool:
        """Whether there is a model to ask."""
        return bool(self.llm_base_url and self.llm_model)

    @property
    def reply_tokens(self) -> int:
        """What one answer may take: six of them and the paper have to fit the context."""
        return min(self.llm_reply, self.llm_context // 12)

    @property
    def prices(self) -> Prices | None:
        """What the model's tokens cost, where that is known."""
        if self.llm_price_in is None or self.llm_price_out is None:
            return None
        return Prices(self.llm_price_in, self.llm_price_out, self.llm_price_cached)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages in which FAQs are offered."""
        return faq.languages(self.summary_languages)

    @cached_property
    def site_url(self) -> str:
        """Where readers find the site, without a closing slash."""
        return self.base_url or f"http://{self.host}:{self.port}"

    @cached_property
    def user_agent(self) -> str:
        """What arXiv sees; it asks for a way to reach whoever runs a robot."""
        where = "; ".join(part for part in (f"+{self.site_url}", self.contact) if part)
        return f"freshprint/{__version__} ({where})"


def load() -> Settings:
    """Read the settings. Raises Misconfigured naming each setting that can't be used, and why."""
    try:
        return Settings()
    except ValidationError as error:
        raise Misconfigured("; ".join(map(_told, error.errors()))) from None
    except BadInput as error:
        raise Misconfigured(f"{PREFIX}CATEGORIES: {error}") from None


def _told(error: ErrorDetails) -> str:
    name = "_".join(map(str, error["loc"])).upper()
    reason = error["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name}: {reason}" if name else f"{PREFIX}{reason}"
