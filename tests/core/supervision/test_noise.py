"""What of django-q's log is left out, in whatever language it speaks."""

from __future__ import annotations

import logging

import pytest
from django.utils import translation

from integrations.core.supervision.noise import KnownEnds

NAMES = {"name": "Process-1:7", "task_name": "drain"}


def is_shown(text: str, language: str) -> bool:
    """As django-q says it: with its text in the language, before the log sees it."""
    with translation.override(language):
        said = translation.gettext(text) % NAMES
        return KnownEnds().filter(logging.LogRecord("django-q", logging.CRITICAL, "", 0, said, None, None))


@pytest.mark.parametrize("language", ["en", "de", "fr", "ru", "tr", "zh-hans"])
@pytest.mark.parametrize(
    "text",
    [
        "reincarnated worker %(name)s after death",
        "reincarnated pusher %(name)s after sudden death",
        "reincarnated monitor %(name)s after sudden death",
    ],
)
def test_that_a_process_was_killed_and_replaced_is_left_to_the_supervisor(text: str, language: str) -> None:
    assert not is_shown(text, language)


@pytest.mark.parametrize("language", ["en", "de", "fr", "ru", "tr", "zh-hans"])
def test_that_its_time_was_up_is_said(language: str) -> None:
    assert is_shown("reincarnated worker %(name)s after timeout", language)
