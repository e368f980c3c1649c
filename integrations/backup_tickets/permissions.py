"""Who may do what here; every view and every button asks with these names."""

from __future__ import annotations

from integrations.core import roles

VIEW_RUN = "backup_tickets.view_run"
REVIEW_RUN = "backup_tickets.review_run"
IMPORT_RUNS = "backup_tickets.add_run"
CREATE_TICKET = "backup_tickets.create_ticket"
LINK_TICKET = "backup_tickets.link_ticket"
RESOLVE_TICKET = "backup_tickets.resolve_ticket"
VIEW_CUSTOMER = "backup_tickets.view_customer"
MAP_CUSTOMER = "backup_tickets.change_companymapping"
VIEW_SETTINGS = "backup_tickets.view_ticketoptions"
CHANGE_SETTINGS = "backup_tickets.change_ticketoptions"

_READING = (
    VIEW_RUN,
    VIEW_CUSTOMER,
    "backup_tickets.view_companymapping",
    "backup_tickets.view_backupjob",
    "backup_tickets.view_runobject",
    "backup_tickets.view_ticket",
    "backup_tickets.view_ticketlink",
)
_WORKING = (REVIEW_RUN, IMPORT_RUNS, CREATE_TICKET, LINK_TICKET, RESOLVE_TICKET, MAP_CUSTOMER, VIEW_SETTINGS)
_SETTING_UP = (
    CHANGE_SETTINGS,
    "backup_tickets.add_customer",
    "backup_tickets.change_customer",
    "backup_tickets.view_referenceitem",
)

PERMISSIONS = {
    roles.REPORTER: _READING,
    roles.OPERATOR: _READING + _WORKING,
    roles.ADMIN: _READING + _WORKING + _SETTING_UP,
}
