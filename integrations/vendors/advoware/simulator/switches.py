"""The simulator's switches: what no source settles, what a firm may be like, and what goes wrong."""

from __future__ import annotations


class Switches:
    """Plain attributes, set on the running simulator or by `POST /_simulator/do` (`switch`); a reset restores them."""

    # Not settled by any source.
    errors_as: str = "text"
    login_status: int = 401
    offline_status: int = 401
    nonce_once: bool = True
    window_minutes: float = 0.0
    tells_expires_in: bool = False
    wraps_party: bool = False
    null_for_none: bool = False
    write_answer: str = "object"
    written_kind: bool = False
    read_kind: bool = False
    other_kind: str = "ignore"
    left_out: str = "keep"
    empty_post: bool = True
    entry_touches_party: bool = False
    longest_text: int = 0
    # What a firm may be like.
    connector: str = "null"
    is_online: bool = True
    is_registered: bool = True
    is_enabled: bool = True
    token_minutes: float = 60.0
    # What goes wrong.
    delay: float = 0.0
    forbidden: bool = False
    refusal: str = ""
    foreign_gateway: str = ""


SWITCHES = {
    "errors_as": "how a refusal looks: `text`, `message` (JSON) or `problem` (RFC 7807)",
    "login_status": "the status of a refused login",
    "offline_status": "the status with which calls are refused while the firm is not signed in",
    "nonce_once": "a nonce that was used is refused",
    "window_minutes": "how old a login's time may be; 0 for any age",
    "tells_expires_in": "the login answers `expires_in` instead of `expiration_utc`",
    "wraps_party": "a party is read as a list of one",
    "null_for_none": "a party without Kommunikationen has null instead of an empty list",
    "write_answer": "what a write answers: `object`, `array` (of one) or `empty`",
    "written_kind": "answers to writes tell the real kommKz instead of 0",
    "read_kind": "reads tell the real kommKz instead of 0",
    "other_kind": "another kommKz in a PUT: `ignore` or `refuse` (400)",
    "left_out": "fields left out of a PUT: `keep` or `clear`",
    "empty_post": "a POST may bring an empty tlf",
    "entry_touches_party": "a change of a Kommunikation moves its party's geaendertAm (never its rowId)",
    "longest_text": "characters of a text that are stored; the rest is cut without a word; 0 for any number",
    "connector": "what the configurator says of a connector: `null`, `absent`, or `set` (then the relay is closed)",
    "is_online": "the firm's advoware Manager is signed in",
    "is_registered": "the vendor knows the firm",
    "is_enabled": "the App-ID is enabled for the firm",
    "token_minutes": "how long a token lives",
    "delay": "seconds that each call takes longer",
    "forbidden": "the employee may not do anything (403)",
    "refusal": "every write is refused with 400 and this sentence",
    "foreign_gateway": "an address that the configurator names for the login instead of the right one",
}
