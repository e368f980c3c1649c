"""The guides (docs/*.md) inside the portal: which there are, as pages, and which section explains which page."""

from .places import address, guide_of, help_of
from .shelf import Guide, find, groups

__all__ = ["Guide", "address", "find", "groups", "guide_of", "help_of"]
