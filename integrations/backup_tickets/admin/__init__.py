"""The admin pages of backup runs and tickets."""

from . import customers, jobs, run_checks, settings  # noqa: F401 — they register themselves
