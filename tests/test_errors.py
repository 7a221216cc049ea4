from __future__ import annotations

import builtins
import inspect
import pickle
import re

import pytest

from vecsearch import errors
from vecsearch.errors import ExtraMissing, VecsearchError

DRAWN = re.findall(r"[├└]── (\w+)\s+\((\w+)\)\s+\S", errors.__doc__)
MINE = [value for value in vars(errors).values() if inspect.isclass(value)]


def test_the_drawing_shows_every_error_with_its_builtin():
    assert {name for name, _ in DRAWN} == {error.__name__ for error in MINE} - {"VecsearchError"}
    for name, builtin in DRAWN:
        assert getattr(errors, name).__bases__ == (VecsearchError, getattr(builtins, builtin))


@pytest.mark.parametrize("error", MINE)
def test_an_error_says_what_it_means_and_carries_its_message(error):
    assert error.__doc__
    raised = error("what, where, and what to do")
    assert str(raised) == "what, where, and what to do"
    again = pickle.loads(pickle.dumps(raised))
    assert (type(again), str(again)) == (error, str(raised))


def test_a_missing_extra_tells_the_command_that_installs_it():
    error = ExtraMissing.of("torch", "sentence-transformers", "training")
    assert str(error) == "training needs torch: pip install 'vecsearch[sentence-transformers]'"
    assert error.name == "torch"
    assert isinstance(error, ModuleNotFoundError)
