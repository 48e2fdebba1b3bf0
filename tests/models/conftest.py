from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    """Retries happen as often as in the product, without the waiting."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield
