"""The accounts of the simulated iTop and what their profiles allow (the table of the fact sheet, section 1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import is_ticket
from .refusals import Refused

PASSWORD = "made-up:password of the simulator"  # noqa: S105 — opens nothing but the simulator; a colon and blanks on purpose
REST, ADMIN = "REST Services User", "Administrator"
AGENT_PROFILES = frozenset({"Support Agent", "Service Desk Agent"})
CONSOLE, PORTAL, REST_CONTEXT, CRON = "GUI:Console", "GUI:Portal", "REST/JSON", "CRON"
_WORDS = {"read": "reading", "create": "creating", "modify": "modifying", "delete": "deleting"}
_CHANGES = frozenset({"Change", "NormalChange", "RoutineChange", "EmergencyChange"})
_FOR_ADMINS = frozenset({"InlineImage", "CMDBChangeOp", "EventWebhook", "User"})


@dataclass(frozen=True, slots=True)
class Account:
    """`orgs` are the organisations it is limited to; empty: none."""

    login: str
    user_id: int
    contact_id: int
    name: str  # as people see it
    profiles: frozenset[str] = frozenset()
    orgs: frozenset[int] = frozenset()
    password: str = field(default=PASSWORD, repr=False)

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.profiles

    def may(self, action: str, class_name: str) -> bool:
        """`action` is read, create, modify or delete."""
        if self.is_admin:
            return True
        if not self.profiles & AGENT_PROFILES or class_name in _FOR_ADMINS:
            return False
        if action == "read" or class_name == "Attachment":
            return True
        return is_ticket(class_name) and class_name not in _CHANGES and action != "delete"

    def require(self, action: str, class_name: str) -> None:
        """Raises Refused."""
        if not self.may(action, class_name):
            raise Refused(
                1, f"The current user does not have enough permissions for {_WORDS[action]} data of class {class_name}"
            )


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who does something, and from where: the context that triggers can be limited to."""

    account: Account
    context: str = REST_CONTEXT


def demo_accounts(*, bridge: str) -> dict[str, Account]:
    """By login; the bridge's own is an administrator."""
    agent, rest = AGENT_PROFILES, frozenset({REST})
    made = (
        Account("admin", 1, 0, "My first name My last name", frozenset({ADMIN})),
        Account(bridge, 2, 40, "Bridge Robot", rest | {ADMIN}),
        Account("bridge-agent", 3, 41, "Bridge Helper", rest | agent),
        Account("restonly", 4, 42, "Rest Only", rest),
        Account("limited", 5, 43, "Limited Bridge", rest | agent, frozenset({3})),
        Account("agnes", 6, 17, "Agnes Weber", agent),
        Account("otto", 7, 18, "Otto Lang", agent),
    )
    return {one.login: one for one in made}
