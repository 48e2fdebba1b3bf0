"""The system of record: one module per noun, each function a statement or two on a connection it is given.

`open_store(url)` opens a database, `store.begin()` is one write transaction, `store.read()` one consistent look.
What belongs together is written in one transaction: the caller opens it, and calls several nouns in it.
"""

from adapters.store.engine import Store, StoreUnavailable, open_store
from adapters.store.steps import StepMismatch

__all__ = ["StepMismatch", "Store", "StoreUnavailable", "open_store"]
