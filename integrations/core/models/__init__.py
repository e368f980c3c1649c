from .api_calls import ApiCall
from .audit import AuditEntry
from .budgets import CallCount, CallSecond, CallSlot, CallStop
from .clients import ApiToken, Client
from .connections import Connection
from .integrations import Integration, IntegrationRole
from .jobs import Heartbeat, Job
from .password_links import PasswordLink, ResetRequest
from .streams import Stream, SyncRun
from .sync import HeldItem, RecordLink, SyncEntry
from .users import User
from .webhooks import WebhookDelivery

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
    "Heartbeat",
    "HeldItem",
    "Integration",
    "IntegrationRole",
    "Job",
    "PasswordLink",
    "RecordLink",
    "ResetRequest",
    "Stream",
    "SyncEntry",
    "SyncRun",
    "User",
    "WebhookDelivery",
]
