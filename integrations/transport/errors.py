"""What can go wrong when we talk to a vendor, named by what to do next.

Every vendor package maps its vendor's oddities onto these classes; jobs and pages decide by class alone
(DESIGN, Errors). The message is a sentence for the person who reads it at 3 a.m.; it never holds a secret.
"""

from __future__ import annotations


class VendorError(Exception):
    """The root. `status` is the HTTP status if an answer came, `excerpt` a short redacted piece of it."""

    def __init__(self, message: str, *, status: int | None = None, excerpt: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.excerpt = excerpt


class TemporaryError(VendorError):
    """Try again later: timeout before anything was sent, connection reset, 429, 502–504.

    `retry_after` is in seconds, if the vendor said so.
    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, status: int | None = None, excerpt: str = ""
    ) -> None:
        super().__init__(message, status=status, excerpt=excerpt)
        self.retry_after = retry_after


class QuotaSpent(TemporaryError):
    """Nothing was sent: our share of the vendor's quota is used up for now, or the vendor asked all of us to wait.

    That is routine and no trouble: there is room again in `retry_after` seconds.
    """


class WritesHeld(QuotaSpent):
    """The write was not sent: the portal writes nowhere until a person lets it. Waited for like a spent quota."""


class ConfigurationError(VendorError):
    """A person must change a setting: 401, 403, bad base URL, refused address, unknown picklist value."""


class RejectedError(VendorError):
    """The vendor refuses this record; the message is the vendor's own sentence."""


class NotFoundError(VendorError):
    """A known id is gone, or no longer readable."""


class ConflictError(VendorError):
    """The record changed meanwhile."""


class MalformedResponseError(VendorError):
    """The answer is not what the vendor's schema needs. Never taken for "no records"."""


class UnknownOutcomeError(VendorError):
    """A write was sent and no usable answer came: it may or may not have happened. Look it up before deciding."""


def class_of(error: BaseException) -> str:
    """The name of the class above by which jobs and pages decide, of one that a vendor's package refines too."""
    return next((one.__name__ for one in type(error).__mro__ if one.__module__ == __name__), type(error).__name__)
