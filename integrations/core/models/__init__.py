from .api_calls import ApiCall
from .audit import AuditEntry
from .budgets import CallCount, CallSecond, CallSlot, CallStop
from .clients import ApiToken, Client
from .connections import Connection
from .integrations import Integration, IntegrationRole
from .jobs import Heartbeat, Job
from .restoring import DatabaseMark, Readoption, WriteHold
from .streams import Stream, SyncRun
from .sync import HeldItem, RecordLink, SyncEntry
from .users import User
from .webhooks import Replay, WebhookDelivery

__all__ = [
    "ApiCall",
    "ApiToken",
    "AuditEntry",
    "CallCount",
    "CallSecond",
    "CallSlot",
    "CallStop",
    "Client",
    "Connection",
    "DatabaseMark",
    "Heartbeat",
    "HeldItem",
    "Integration",
    "IntegrationRole",
    "Job",
    "Readoption",
    "RecordLink",
    "Replay",
    "Stream",
    "SyncEntry",
    "SyncRun",
    "User",
    "WebhookDelivery",
    "WriteHold",
]
