"""Counts every database statement of every process into one file, a byte each, where one is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created

COUNTED_IN = "BENCHMARK_STATEMENTS"  # names the file


class CountingConfig(AppConfig):
    name = "benchmarks.rig.counting"
    label = "benchmarks_counting"

    def ready(self) -> None:
        if path := os.environ.get(COUNTED_IN):
            counter = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

            def count(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
                os.write(counter, b".")
                return execute(sql, params, many, context)

            def watch(connection: Any, **_: Any) -> None:
                if count not in connection.execute_wrappers:
                    connection.execute_wrappers.append(count)

            connection_created.connect(watch, weak=False)
