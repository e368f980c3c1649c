"""Sentences that differ only by the record they are about have one shape, and it stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.core.failures.shapes import LONGEST, shape_of

TABLE = (
    ("Ticket 123 is gone.", "Ticket … is gone."),
    ("Ticket 7 is gone.", "Ticket … is gone."),
    ("Ticket T20260131.0012 is gone.", "Ticket … is gone."),
    ("Ticket #4711: closed meanwhile.", "Ticket …: closed meanwhile."),
    ("ticket:123 could not be read.", "ticket:… could not be read."),
    ("Tickets 12, 13 and 14 are one.", "Tickets … are one."),
    ("Contact 6f1c2a34-9d1e-4b62-8e0f-aa11bb22cc33 has no phone.", "Contact … has no phone."),
    ("lnk-6f1c2a34-9d1e-4b62-8e0f-aa11bb22cc33 was found twice.", "… was found twice."),
    ("Record R0001 refuses it.", "Record … refuses it."),
    ("It waits until 2026-01-31 08:00.", "It waits until …."),
    ("Changed at 2026-01-31T08:00:12.123+01:00, after us.", "Changed at …, after us."),
    ("anna.b@example.com is no address.", "… is no address."),
    ("GET https://api.example.com/v1/tickets/12?x=1 was refused.", "GET … was refused."),
    ("4,000 characters are too long; 2,500.5 fit.", "… characters are too long; … fit."),
    ("Given up after 5 attempts: no answer.", "Given up after … attempts: no answer."),
    ("“The printer in the hall of the second floor smokes” is too long.", "“…” is too long."),
    ("„Der Drucker im Saal des zweiten Stocks raucht“ ist zu lang.", "„…“ ist zu lang."),
    ("«L’imprimante du deuxième étage fume encore» est trop long.", "«…» est trop long."),
    # what is no id stays
    ("It answers HTTP 404.", "It answers HTTP 404."),
    ("It answers HTTP 500.", "It answers HTTP 500."),
    ("It ended with status 422 for record 17.", "It ended with status 422 for record …."),
    ("ABC 2 refuses contact 17.", "ABC 2 refuses contact …."),
    ("“status” has no value “open”.", "“status” has no value “open”."),
    ("address2 is too long.", "address2 is too long."),
    ("The text is no UTF-8.", "The text is no UTF-8."),
    ("Only ipv4 is spoken there.", "Only ipv4 is spoken there."),
    ("The integration is switched off.", "The integration is switched off."),
    ("", ""),
    ("  Two \n lines\tand 3 tabs ", "Two lines and … tabs"),
)


@pytest.mark.parametrize(("sentence", "shape"), TABLE)
def test_ids_go_and_words_stay(sentence: str, shape: str) -> None:
    assert shape_of(sentence) == shape


def test_a_very_long_sentence_is_cut() -> None:
    shape = shape_of("no " * 500)
    assert len(shape) <= LONGEST
    assert shape.endswith("no…")


@given(st.text(max_size=400) | st.text("Ab1 .:#-“”„«»@/,…", max_size=60))
def test_the_shape_of_a_shape_is_itself(sentence: str) -> None:
    assert shape_of(shape_of(sentence)) == shape_of(sentence)


@given(st.integers(min_value=0), st.integers(min_value=0))
def test_two_numbers_are_never_told_apart(one: int, other: int) -> None:
    assert shape_of(f"Ticket {one} is gone.") == shape_of(f"Ticket {other} is gone.")
