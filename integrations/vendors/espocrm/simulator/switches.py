"""The simulator's switches: what an EspoCRM may be like, and what goes wrong inside one."""

from __future__ import annotations


class Switches:
    """Plain attributes, set on the running simulator or by `POST /_simulator/do` (`switch`); a reset restores them."""

    # What an EspoCRM may be like.
    version_control: bool = False
    duplicates_checked: bool = True
    internal_urls: bool = True
    hides_arrays: bool = False
    failed_logins: int = 10
    # What goes wrong inside one.
    delay: float = 0.0
    parallel_puts: int = 0
    is_out_of_order: bool = False


SWITCHES = {
    "version_control": "the entities count versions (optimistic concurrency control)",
    "duplicates_checked": "a new record of the same name, or with one of the addresses, is refused with 409",
    "internal_urls": "webhooks may go to private addresses; otherwise 400, as without webhookAllowedAddressList",
    "hides_arrays": "the role of the API users hides addresses and numbers",
    "failed_logins": "so many failed logins within a minute, and one more, block every call",
    "delay": "seconds that each call takes longer; a real one takes about 0.05",
    "parallel_puts": "each PUT waits until so many are under way (two seconds at most), so that their arrays merge",
    "is_out_of_order": "every call answers 500 without a body",
}
