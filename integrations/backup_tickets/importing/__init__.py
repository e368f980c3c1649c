"""Backup runs from files: CSV, XLSX and JSON, read row by row and handed to the one intake."""
