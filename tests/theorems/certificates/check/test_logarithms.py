"""Sums of logarithms against exponents of primes: what is 0, what is not, and what has which sign."""

from fractions import Fraction as F
from math import lcm, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theorems.certificates.check import logarithms as room
from theorems.certificates.check.fields import Refused
from theorems.certificates.check.logarithms import is_zero_sum


def test_zero_sums_of_logarithms():
    assert is_zero_sum([(F(1, 2), F(9, 4)), (F(-1), F(3, 2))])
    assert not is_zero_sum([(F(1, 2), F(9, 4)), (F(1), F(3, 2))])
    assert not is_zero_sum([(F(1, 2), F(4, 9)), (F(-1), F(3, 2))])
    assert not is_zero_sum([(F(1), F(2)), (F(-1), F(3))])
    assert not is_zero_sum([(F(1), F(1, 2)), (F(1), F(1, 2))])
    # the product of two primes of 127 and 521 bits, which nobody factors
    p, q = 2**127 - 1, 2**521 - 1
    assert is_zero_sum([(F(2), F(p * q)), (F(-1), F(p**2)), (F(-2, 3), F(q**3))])
    assert is_zero_sum([(F(1), F(p * q, 6)), (F(1), F(12, q)), (F(-1), F(2)), (F(1), F(1, p))])
    assert not is_zero_sum([(F(1), F(p * q)), (F(-1), F(p * q + 1))])
    assert not is_zero_sum([(F(2), F(p * q)), (F(-1), F(p**2)), (F(-2, 3), F(q**2))])
    assert is_zero_sum([(F(0), F(5)), (F(3), F(1))])
    assert is_zero_sum([])


powers = st.lists(st.integers(-4, 4), min_size=5, max_size=5)


@given(
    st.lists(st.tuples(st.fractions(-3, 3, max_denominator=4), powers), max_size=6), st.booleans()
)
def test_zero_sums_against_the_exponents_of_five_primes(terms, is_closed):
    primes = (2, 3, 5, 7, 2**61 - 1)
    total = [sum(c * row[i] for c, row in terms) for i in range(5)]
    if is_closed:  # a last term that makes up for the rest
        scale = lcm(*(x.denominator for x in map(F, total)))
        terms = [*terms, (F(-1, scale), [int(x * scale) for x in total])]
        total = [0] * 5
    ratios = [(c, prod(F(p) ** e for p, e in zip(primes, row, strict=True))) for c, row in terms]
    assert is_zero_sum(ratios) is not any(total)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([(2, F(3)), (-1, F(9))], 0),
        ([(2, F(3)), (-1, F(8))], 1),
        ([(2, F(3)), (-1, F(10))], -1),
        ([(1, F(2, 3)), (1, F(3, 2))], 0),
        ([(1, F(2, 3)), (1, F(4, 3))], -1),
        ([(-3, F(1, 2)), (0, F(1, 1000))], 1),
        ([(0, F(7))], 0),
        ([], 0),
    ],
)
def test_signs_of_sums_of_logarithms(terms, expected):
    assert room.sign_of_logs(terms) == expected


def test_a_sum_that_balls_do_not_tell_from_0_is_refused(monkeypatch):
    monkeypatch.setattr(room, "decide", lambda question: None)
    with pytest.raises(Refused, match="is not 0, but 5120 bits show no sign of it"):
        room.sign_of_logs([(1, F(2))])
    assert room.sign_of_logs([(2, F(2)), (-1, F(4))]) == 0
