"""The request `domain`: whose host that is."""

import pytest

from rbutton.native.domain import domain
from rbutton.terms.errors import InvalidDocument


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("www.shop.example", "shop.example"),
        ("shop.example", "shop.example"),
        ("a.b.co.uk", "b.co.uk"),
        ("ada.github.io", "ada.github.io"),
        ("co.uk", None),
        ("github.io", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("[::1]", None),
    ],
)
def test_of_a_public_suffix_or_an_address_there_is_none(host: str, found: str | None) -> None:
    assert domain({"host": host}) == {"domain": found}


@pytest.mark.parametrize(
    "members", [{}, {"host": 1}, {"host": ""}, {"host": "a" * 254}, {"host": "a.b", "more": 1}]
)
def test_another_shape_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(InvalidDocument):
        domain(members)
