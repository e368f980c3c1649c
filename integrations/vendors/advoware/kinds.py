"""The kinds of a Kommunikation (`kommKz`), and the party's own fields that repeat their first values.

Source: fact sheet, section 5, which has the names from one source alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from integrations.texts import gettext
from integrations.transport.errors import ConfigurationError

KINDS: Mapping[int, str] = {
    1: "TelGesch",
    2: "FaxGesch",
    3: "Mobil",
    4: "MailGesch",
    5: "Internet",
    6: "TelPrivat",
    7: "FaxPrivat",
    8: "MailPrivat",
    9: "AutoTelefon",
    10: "Sonstige",
    11: "EPost",
    12: "Bea",
}
# Only `mobil` was seen; the other names are not verified, which is why they are a setting of the connection.
MIRRORS = (
    "telGesch=1, faxGesch=2, mobil=3, emailGesch=4, internet=5, telPrivat=6, faxPrivat=7, email=8, autotelefon=9, "
    "sonstige=10, ePost=11, bea=12"
)


def mirrors_of(text: str) -> dict[str, int]:
    """Read the setting "Fields of the party": the kind that each field repeats, by its name in lower case.

    Raises ConfigurationError, which names the bad entry.
    """
    found: dict[str, int] = {}
    for entry in (text or MIRRORS).split(","):
        name, _, number = (part.strip() for part in entry.partition("="))
        if not entry.strip():
            continue
        if not name or not number.isascii() or not number.isdigit() or int(number[:4]) not in KINDS:
            raise ConfigurationError(
                gettext("“{entry}” under Fields of the party is not a field and a kind, such as mobil=3.").format(
                    entry=entry.strip()[:100]
                )
            )
        found[name.lower()] = int(number)
    return found
