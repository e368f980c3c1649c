"""What an admin of iTop sets up so that it sends webhooks: a connection, five actions, and the triggers that run them.

Payloads hold ids alone: modules 1.3.2 to 1.4.1 send nothing at all where a title or a description holds a quote. Each
trigger leaves out what the bridge's own account does, or every write of the bridge would come back. Source: fact sheet,
sections 7 and 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from integrations.texts import Text, gettext
from integrations.texts import gettext_lazy as _
from integrations.vendors.webhooks import Instruction

from .lifecycle import states

CREATED, UPDATED, ATTACHMENT, LOG, STATE = (
    *("create-ticket", "update-ticket", "update-attachment"),
    *("ticket-update-private-log", "ticket-state-change"),
)
EVENTS = (
    (CREATED, _("A ticket was created")),
    (UPDATED, _("A ticket was changed")),
    (ATTACHMENT, _("An attachment was added, changed or deleted")),
    (LOG, _("A private log got an entry")),
    (STATE, _("A ticket reached another state")),
)
PATHS = {f"api/v1/{event}": event for event, _ in EVENTS}  # of the first bridge; actions that have them keep working
ACCOUNT = "LOGIN-OF-THE-BRIDGE"
TICKET_BODY = '{"class":"$this->finalclass$","id":"$this->id$"}'
ATTACHMENT_BODY = '{"attachment_id":"$this->id$","item_class":"$this->item_class$","item_id":"$this->item_id$"}'
CONTEXTS = "GUI:Console, GUI:Portal, CRON"


@dataclass(frozen=True, slots=True)
class Setup:
    """One action, and the triggers that run it: their classes in iTop, and the class that they watch."""

    event: str
    payload: str
    triggers: tuple[str, ...]
    target: str
    note: Text = ""


SETUPS = (
    Setup(CREATED, TICKET_BODY, ("TriggerOnObjectCreate",), "UserRequest"),
    Setup(UPDATED, TICKET_BODY, ("TriggerOnObjectUpdate",), "UserRequest", _("Choose no fields: then it watches all.")),
    Setup(
        ATTACHMENT,
        ATTACHMENT_BODY,
        ("TriggerOnObjectCreate", "TriggerOnObjectUpdate", "TriggerOnObjectDelete"),
        "Attachment",
        _(
            "All three: a file chosen in a form is created first, and an update binds it to its ticket when the form "
            "is saved."
        ),
    ),
    Setup(LOG, TICKET_BODY, ("TriggerOnObjectUpdate",), "UserRequest", _("Choose the field private_log alone.")),
    Setup(
        STATE,
        TICKET_BODY,
        ("TriggerOnStateEnter",),
        "UserRequest",
        _("One trigger for each state: {states}; of changes: {states_of_changes}."),
    ),
)


def filter_for(class_name: str) -> str:
    """The trigger's filter that leaves out what the bridge does."""
    return f"SELECT {class_name} WHERE :current_user->login != '{ACCOUNT}'"


def instructions(address: Callable[[str], str]) -> list[Instruction]:
    """How an admin of iTop sets it up; all steps are done in its console, as an administrator."""
    return [
        Instruction(
            gettext("An account for the bridge"),
            gettext(
                "Make a user that only the bridge uses, with the profile REST Services User and either Administrator "
                "(authors of log entries are kept, pictures in logs can be read) or Support Agent and Service Desk "
                "Agent. Its login and password belong to this connection; the filter below tells its changes from "
                "those of people."
            ),
        ),
        Instruction(
            gettext("The module"),
            gettext(
                "Webhooks need the extension combodo-webhook-integration. See its version: 1.3.2 to 1.4.1 send nothing "
                "where a text in the body holds a quote. The bodies below hold ids alone, so they work with every "
                "version."
            ),
        ),
        Instruction(
            gettext("A connection to the portal"),
            gettext("Make a RemoteApplicationConnection with this address; the paths of the actions are added to it."),
            address(CREATED).rpartition("/")[0],
        ),
        *[_action(setup) for setup in SETUPS],
        *_for_all(),
    ]


def _action(setup: Setup) -> Instruction:
    said = gettext(
        "Make an ActionWebhook: in production, method POST, not asynchronous, path /{path}, and this payload. It is "
        "run by {triggers}, target class {target}."
    )
    of_all = {"states": states("UserRequest"), "states_of_changes": states("NormalChange")}
    note = setup.note.format(**{name: ", ".join(some) for name, some in of_all.items()})
    return Instruction(
        gettext("Action: {event}").format(event=dict(EVENTS)[setup.event]),
        f"{said.format(path=setup.event, triggers=', '.join(setup.triggers), target=setup.target)} {note}".strip(),
        setup.payload,
    )


def _for_all() -> list[Instruction]:
    return [
        Instruction(
            gettext("Other classes"),
            gettext(
                "A trigger watches one class and those below it. Repeat the triggers for Incident where it is "
                "installed, and for NormalChange, RoutineChange and EmergencyChange if changes are bridged; the "
                "actions are the same."
            ),
        ),
        Instruction(
            gettext("Headers of every action"),
            gettext(
                "With the webhook secret of this connection. Give each iTop its own: nothing else tells which of them "
                "calls."
            ),
            "Content-type: application/json\nX-Webhook-Secret: …",
        ),
        Instruction(
            gettext("Filter of every trigger"),
            gettext(
                "Put the login of this connection in the place of {account}, and the trigger's own class after SELECT. "
                "Without it each change that the bridge makes is sent back to it."
            ).format(account=ACCOUNT),
            f"{filter_for('UserRequest')}\n{filter_for('Attachment')}",
        ),
        Instruction(
            gettext("Context of every trigger"),
            gettext(
                "Where no mail robot and no other program writes tickets over REST, choose these contexts too: then "
                "the bridge's writes fire nothing even where a filter was forgotten."
            ),
            CONTEXTS,
        ),
        Instruction(
            gettext("Look"),
            gettext(
                "Change a ticket. The action's log in iTop says Sent whatever the portal answered; the inbox of this "
                "connection shows what arrived. iTop never sends again: what is lost is found by the next reconcile."
            ),
        ),
    ]
