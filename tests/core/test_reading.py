"""Imports are not interrupted by a search for garbage, and the search goes on after them."""

from __future__ import annotations

import gc

import pytest

from core.reading import reading


def test_the_search_for_garbage_rests_meanwhile_and_goes_on_afterwards() -> None:
    with reading():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_also_after_an_import_that_failed() -> None:
    with pytest.raises(ImportError), reading():
        raise ImportError
    assert gc.isenabled()


def test_who_had_switched_it_off_finds_it_so() -> None:
    gc.disable()
    try:
        with reading():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
