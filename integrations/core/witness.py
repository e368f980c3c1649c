"""Whose trouble it was: what the last use of each vendor's `Api` said.

Two connections are open at the same time in most jobs, and many errors are dealt with before the job ends. So a
connection's health is what its own last call said, whatever became of the work.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from integrations.transport.errors import ConfigurationError, QuotaSpent, VendorError

TOO_MANY = 429  # the status of a vendor that wants a pause
UNWELCOME = (401, 403)  # statuses that are about the account, whatever was asked


class Witness:
    """`problem` is the error that the last use ended with; None when it went well.

    Having to wait for the quota, ours or the vendor's, is routine: it neither makes a problem nor ends one. A value
    that the vendor does not know is what was sent, not the account: it is a problem only when it ended the work.
    """

    problem: VendorError | None = None
    last: VendorError | None = None  # that was seen, a problem or not

    @contextmanager
    def noting(self) -> Iterator[None]:
        try:
            yield
        except VendorError as error:
            self.last = error
            if not isinstance(error, QuotaSpent) and error.status != TOO_MANY:
                of_the_account = not isinstance(error, ConfigurationError) or error.status in UNWELCOME
                self.problem = error if of_the_account else None
            raise
        self.problem = None

    def ended_with(self, error: VendorError) -> None:
        """The work ended with this error, which may have been another vendor's."""
        if error is self.last and isinstance(error, ConfigurationError):
            self.problem = error


class Seen:
    """A vendor's `Api` before the eyes of a witness; in everything else the same."""

    def __init__(self, api: Any, witness: Witness) -> None:
        self._api, self._witness = api, witness

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._api, name)
        return functools.partial(self._call, found) if callable(found) else found

    def _call(self, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        with self._witness.noting():
            result = method(*args, **named)
        return self._each(result) if isinstance(result, Iterator) else result

    def _each(self, results: Iterator[Any]) -> Iterator[Any]:
        with self._witness.noting():
            yield from results
