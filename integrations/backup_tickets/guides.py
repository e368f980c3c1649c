"""Which section of the guides explains which page."""

from __future__ import annotations

GUIDE = "backup-tickets.md"
_RUN, _OPERATORS = "backup_tickets_run", "operators.md"
SECTIONS = {
    _RUN: f"{_OPERATORS}#in-the-morning-run-checks",
    f"{_RUN}_change": f"{_OPERATORS}#one-run",
    f"{_RUN}_ticket": f"{_OPERATORS}#create-a-ticket",
    f"{_RUN}_join": f"{_OPERATORS}#the-same-job-failed-again",
    f"{_RUN}_link": f"{_OPERATORS}#the-ticket-exists-already",
    f"{_RUN}_number": f"{_OPERATORS}#the-ticket-exists-already",
    f"{_RUN}_note": f"{_OPERATORS}#tell-colleagues-something",
    f"{_RUN}_resolve": f"{_OPERATORS}#resolve",
    f"{_RUN}_review": f"{_OPERATORS}#no-ticket-needed",
    f"{_RUN}_bulk": f"{_OPERATORS}#many-runs-at-once",
    f"{_RUN}_import": f"{GUIDE}#for-the-backup-software",
    "backup_tickets_backupjob": f"{_OPERATORS}#a-job",
    "backup_tickets_customer": f"{_OPERATORS}#customers",
    "backup_tickets_ticketoptions": f"{GUIDE}#for-admins",
}
