"""What waits for somebody, across all integrations: grouped by its cause, explained, and dealt with many at a time."""
