"""The rehearsal: chapters that integrations bring along, and the stage they are played on.

An integration adds a chapter by a module `rehearsal.py` in its package:

    chapter = Chapter("backup_tickets", "A failed backup becomes one ticket", world=build_world)

    @chapter.step("A success needs nobody")
    def success_needs_nobody(stage: Stage) -> str:
        ...
        return "what was seen, in a sentence"   # or raise StepError("what was seen instead")
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.module_loading import autodiscover_modules

from .visitor import UnexpectedPageError, Visitor

ROLES = ("admin", "operator", "reporter")


class StepError(Exception):
    """A step did not see what it should; the message says what it saw."""


def expect(condition: object, otherwise: str) -> None:
    """Raises `StepError` with the sentence unless the condition holds."""
    if not condition:
        raise StepError(otherwise)


@dataclass
class Stage:
    """A portal that answers over HTTP, the vendors' simulators behind it, and the people in front of it.

    `simulators` holds the running server of each vendor by slug (`.url`, `.simulator`); `notes` is for what one step
    leaves for the next.
    """

    portal_url: str
    simulators: Mapping[str, Any]
    passwords: Mapping[str, str]
    notes: dict[str, Any] = field(default_factory=dict)
    _visitors: dict[str, Visitor] = field(default_factory=dict)

    def visitor(self, role: str) -> Visitor:
        """The person of that role, signed in. Raises `UnexpectedPageError` when the portal refuses them."""
        if role not in self._visitors:
            visitor = Visitor(self.portal_url)
            visitor.sign_in(role, self.passwords[role])
            self._visitors[role] = visitor
        return self._visitors[role]

    def wait_for(self, condition: Callable[[], Any], what: str, *, seconds: float = 30) -> Any:
        """Ask until the answer is true and return it. Raises `StepError` naming what did not come."""
        deadline = time.monotonic() + seconds
        while not (answer := condition()):
            if time.monotonic() > deadline:
                raise StepError(f"{what} did not happen within {seconds:.0f} s")
            time.sleep(0.2)
        return answer


Play = Callable[[Stage], str]


@dataclass
class Chapter:
    """One integration's part of the rehearsal: the small world it needs, and its steps in order.

    `world(stage)` may be called again on a world that stands; it then adds what is missing. It returns a sentence.
    """

    slug: str
    title: str
    world: Play
    steps: list[tuple[str, Play]] = field(default_factory=list)

    def __post_init__(self) -> None:
        _chapters[self.slug] = self

    def step(self, title: str) -> Callable[[Play], Play]:
        def add(play: Play) -> Play:
            self.steps.append((title, play))
            return play

        return add


_chapters: dict[str, Chapter] = {}


def chapters() -> tuple[Chapter, ...]:
    """Every chapter the installed apps bring along, in the order of INSTALLED_APPS."""
    autodiscover_modules("rehearsal")
    return tuple(_chapters.values())


@dataclass(frozen=True)
class Seen:
    """What became of one step."""

    title: str
    ok: bool
    detail: str


def play(chapter: Chapter, stage: Stage) -> Iterator[Seen]:
    """Play the steps one by one. A step that fails does not end the chapter: the next ones say what follows from it."""
    for title, step in [("The world is built", chapter.world), *chapter.steps]:
        try:
            yield Seen(title, True, step(stage))
        except (StepError, UnexpectedPageError, OSError, LookupError) as error:
            yield Seen(title, False, f"{error}" or type(error).__name__)
