"""How like two names are: pure, and never a choice between equals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.backup_tickets.likeness import Companies, Match, Name, likeness, words_of


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Acme", "Acme B.V."),
        ("ACME Bakeries", "Bakeries Acme GmbH & Co. KG"),
        ("Müller Söhne", "Muller Sohne AG"),
        ("Straße 1", "Strasse 1 Ltd"),
        ("Smith and Jones", "Smith & Jones LLP"),
        ("The Holding Company", "the holding company"),
    ],
)
def test_case_accents_legal_forms_and_order_do_not_count(ours: str, theirs: str) -> None:
    assert Companies([Name(1, theirs), Name(2, "Something else")]).best(ours) == Match(1, theirs, 100)


def test_a_misspelt_name_is_proposed_as_less_like() -> None:
    match = Companies([Name(1, "Northgate Logistics BV"), Name(2, "Northgate School")]).best("Nortgate Logistics")
    assert match is not None
    assert match.id == 1
    assert 75 <= match.likeness < 100


@pytest.mark.parametrize("name", ["Zebra", "", "!!!", "B.V.", "Northgate"])
def test_what_is_like_nothing_gets_no_proposal(name: str) -> None:
    companies = [Name(1, "Harbour Lane Dental"), Name(2, "Kestrel Engineering"), Name(3, "Northgate Logistics Group")]
    assert Companies(companies).best(name) is None


def test_of_two_equally_like_companies_none_is_proposed() -> None:
    assert Companies([Name(1, "Acme BV"), Name(2, "ACME B.V.")]).best("Acme") is None


def test_a_refused_company_gives_way_to_the_next() -> None:
    companies = Companies([Name(1, "Acme BV"), Name(2, "Acme Bakery")])
    assert companies.best("Acme Bakers") is not None
    assert companies.best("Acme", without=frozenset({1})) is None
    match = companies.best("Acme Bakery BV", without=frozenset({1}))
    assert match is not None
    assert match.id == 2


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    score = likeness(words_of(one), words_of(other))
    assert 0 <= score <= 100
    assert (score == 100) == (words_of(one) == words_of(other) != ())
