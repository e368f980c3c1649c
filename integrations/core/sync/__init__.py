"""The sync engine: streams that read what changed on one side and bring the other side up to it."""
