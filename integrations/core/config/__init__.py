"""Configuration as code: everything an admin can configure, in one TOML file (DESIGN, "Configuration as code")."""

from .applying import Change, ConfigProblems, apply_config
from .exporting import export_config

__all__ = ["Change", "ConfigProblems", "apply_config", "export_config"]
