"""A webhook inbox as it is written first: a row by `get_or_create`, a task by `async_task`."""
