from __future__ import annotations

import builtins
import inspect
import pickle
import re
from pathlib import Path

import pytest

from vecsearch import errors
from vecsearch.errors import ExtraMissing, VecsearchError

DRAWN = re.findall(r"[├└]── (\w+)\s+\((\w+)\)\s+\S", errors.__doc__)
MINE = [value for value in vars(errors).values() if inspect.isclass(value)]


def test_the_drawing_shows_every_error_with_its_builtin():
    assert {name for name, _ in DRAWN} == {error.__name__ for error in MINE} - {"VecsearchError"}
    for name, builtin in DRAWN:
        assert issubclass(getattr(errors, name), VecsearchError)
        assert issubclass(getattr(errors, name), getattr(builtins, builtin))


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


PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
STATUSES = {
    name: int(status)
    for status, names in re.findall(r"^\| (\d{3}) \| ([^|]*) \|", PAGE, re.M)
    for name in re.findall(r"`(\w+)`", names)
}


def test_the_page_has_a_status_of_http_for_every_error():
    assert STATUSES.keys() == {error.__name__ for error in MINE} - {"VecsearchError", "InvalidInput"}
    for name, status in STATUSES.items():
        error = getattr(errors, name)
        if status == 400:
            assert issubclass(error, errors.InvalidInput)
            assert issubclass(error, ValueError)
        elif name != "UnknownId":
            assert not issubclass(error, errors.InvalidInput)
