"""How far we go for an answer."""

from pydantic import Field, FilePath, field_validator

from connectors import _guard
from schemas._record import Record


class Limits(Record):
    """What bounds every request: times, sizes, tries, and whom we may ask."""

    connect_timeout_s: float = Field(default=10, gt=0)
    read_timeout_s: float = Field(default=20, gt=0)
    """The longest silence within an answer."""
    deadline_s: float = Field(default=60, gt=0)
    """For one try as a whole, redirects included. Waiting for our turn is not counted; the
    system's name look-up is, but cannot be cut short."""
    max_bytes: int = Field(default=20_000_000, gt=0)
    """Of a body, packed or unpacked."""
    max_redirects: int = Field(default=5, ge=0)
    attempts: int = Field(default=4, ge=1)
    backoff_s: float = Field(default=0.5, ge=0)
    """The bound of the first wait; that of each further one is twice as long."""
    backoff_cap_s: float = Field(default=30, ge=0)
    retry_after_cap_s: float = Field(default=120, ge=0)
    """Asked to wait for longer, we give up at once and leave it to the schedule."""
    allow: tuple[str, ...] = ()
    """Hosts that may be asked though they are private, or on another port than 80 and 443:
    `host`, `host:port`, or a network as `10.1.0.0/16`. A name or address counts as it stands
    in the address that is asked, a network for whatever a name resolves to."""
    egress_proxy: str | None = Field(default=None, repr=False)
    """An HTTP proxy that we trust to resolve and to connect for us."""
    ca_bundle: FilePath | None = None
    """Certificates to trust in place of the public ones."""
    contact: str = ""
    """Where whoever runs a source finds us; it stands in our user agent."""

    @field_validator("allow")
    @classmethod
    def _is_readable(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        _guard.Gate(allow)
        return allow
