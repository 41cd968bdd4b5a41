"""The page, in a real browser."""

import pytest

from .steps import is_empty, opening, until


@pytest.fixture
def page(browser, served, request):
    with opening(browser, served.base, **getattr(request, "param", {})) as opened:
        yield opened


@pytest.fixture(scope="module")
def alone(serve, conditioned):
    """A service that one page at a time has for itself."""
    with serve(conditioned, "--workers", "1") as service:
        yield service


@pytest.fixture
def page_alone(browser, alone):
    with opening(browser, alone.base) as opened:
        until(opened, lambda: is_empty(alone))
        yield opened
