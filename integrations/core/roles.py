"""Roles."""

ADMIN, OPERATOR, REPORTER = "Admin", "Operator", "Reporter"
