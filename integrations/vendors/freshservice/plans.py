"""What each plan of Freshservice allows an account in a minute, and which of these budgets a call takes from.

Source: the vendor's notice of 2020 (community.freshworks.dev, topic 1101) with the plan names of today. All keys, users
and apps of the account share it, and calls that fail count too. No source lists a limit of its own for other calls.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from integrations.texts import gettext as _

OUR_SHARE = 0.8  # other users of the account need the rest
ALL = "all"
OTHER = "other"
STARTER = "starter"  # the safest guess

_BUCKETS = (
    *(ALL, "list tickets", "view ticket", "create ticket", "update ticket"),
    *("list agents", "list requesters"),
)
PER_MINUTE: dict[str, dict[str, int]] = {
    plan: dict(zip(_BUCKETS, numbers, strict=True))
    for plan, numbers in {
        STARTER: (100, 40, 50, 50, 50, 40, 40),
        "growth": (200, 70, 80, 80, 80, 70, 70),
        "pro": (400, 120, 140, 140, 140, 120, 120),
        "enterprise": (500, 140, 160, 160, 160, 140, 140),
    }.items()
}
PLANS = (
    (STARTER, "Starter (Blossom)"),
    ("growth", "Growth (Garden)"),
    ("pro", "Pro (Estate)"),
    ("enterprise", "Enterprise (Forest)"),
)
_ENDPOINTS = (
    ("GET", re.compile(r".*/tickets(?:/filter)?/?"), "list tickets"),
    ("GET", re.compile(r".*/tickets/[0-9]+/?"), "view ticket"),
    ("POST", re.compile(r".*/tickets/?"), "create ticket"),
    ("PUT", re.compile(r".*/tickets/[0-9]+/?"), "update ticket"),
    ("GET", re.compile(r".*/agents/?"), "list agents"),
    ("GET", re.compile(r".*/requesters/?"), "list requesters"),
)


def endpoint_of(method: str, path: str) -> str:
    """The budget of a call beside the one for all calls."""
    return next((name for verb, route, name in _ENDPOINTS if verb == method and route.fullmatch(path)), OTHER)


def plan_of(settings: Mapping[str, Any]) -> str:
    """The plan chosen on the connection; the smallest where none is."""
    chosen = str(settings.get("plan") or STARTER)
    return chosen if chosen in PER_MINUTE else STARTER


def calls_per_minute(settings: Mapping[str, Any]) -> dict[str, int]:
    """How many calls of each kind we make in a minute: our share of the plan, rounded down."""
    return {name: math.floor(number * OUR_SHARE) for name, number in PER_MINUTE[plan_of(settings)].items()}


def compared(seen: str, settings: Mapping[str, Any]) -> str:
    """The plan chosen on the connection beside what Freshservice says (`X-RateLimit-Total`), in a sentence."""
    chosen = plan_of(settings)
    labels, expected = dict(PLANS), PER_MINUTE[chosen][ALL]
    if not seen.isascii() or not seen.isdigit() or len(seen) > 6:
        return _("Freshservice does not say how many calls it allows; {plan} ({expected} a minute) is taken.").format(
            plan=labels[chosen], expected=expected
        )
    if int(seen) == expected:
        return _("Freshservice allows {expected} calls a minute, as {plan} does.").format(
            expected=expected, plan=labels[chosen]
        )
    fitting = next((labels[plan] for plan, limits in PER_MINUTE.items() if limits[ALL] == int(seen)), _("none we know"))
    return _(
        "Freshservice says {seen} calls a minute, which is the plan {fitting}; the connection says "
        "{plan} ({expected}). Change Plan on the connection if that is wrong."
    ).format(seen=int(seen), fitting=fitting, plan=labels[chosen], expected=expected)
