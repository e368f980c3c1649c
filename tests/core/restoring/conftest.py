from tests.backup_tickets.fixtures import claim

__all__ = ["claim"]
