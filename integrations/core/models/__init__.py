from .alerts import Alert, AlertChannel, AlertMessage, AlertNotice, AlertRule, Severity
from .api_calls import ApiCall
from .audit import AuditEntry
from .budgets import CallCount, CallSecond, CallSlot, CallStop
from .clients import ApiToken, Client
from .connections import Connection
from .failures import FailureAct
from .figures import Figure, FigureSeries
from .integrations import Integration, IntegrationRole
from .jobs import Heartbeat, Job
from .password_links import PasswordLink, ResetRequest
from .restoring import DatabaseMark, Readoption, WriteHold
from .senders import SenderSilence, SenderWatch, WebhookHour
from .streams import Stream, SyncRun
from .sync import HeldItem, RecordLink, SyncEntry
from .users import User
from .webhooks import Replay, WebhookDelivery

__all__ = [
    "Alert",
    "AlertChannel",
    "AlertMessage",
    "AlertNotice",
    "AlertRule",
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
    "FailureAct",
    "Figure",
    "FigureSeries",
    "Heartbeat",
    "HeldItem",
    "Integration",
    "IntegrationRole",
    "Job",
    "PasswordLink",
    "Readoption",
    "RecordLink",
    "Replay",
    "ResetRequest",
    "SenderSilence",
    "SenderWatch",
    "Severity",
    "Stream",
    "SyncEntry",
    "SyncRun",
    "User",
    "WebhookDelivery",
    "WebhookHour",
    "WriteHold",
]
