from tests.backup_tickets.fixtures import autotask, autotask_server, scene

__all__ = ["autotask", "autotask_server", "scene"]
