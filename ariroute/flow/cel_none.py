"""A fault of cel-expr-python 0.1.3, held off: it gives up a reference to None that it does not own.

Each evaluation whose result is null (``crm.vip`` alone, an empty field copied by ``set``) takes one from the count of
references to None. Python before 3.12 frees None when none is left, and aborts: "none_dealloc". From 3.12 on None is
immortal (PEP 683); here it is made so by the same means, a count that is never used up.
"""

from __future__ import annotations

import ctypes
import sys

MORTAL_BEFORE = (3, 12)
PLENTY = 2**40


def hold_none() -> None:
    """Let None live for ever. Once is enough, and more do no harm."""
    if sys.version_info < MORTAL_BEFORE and not hasattr(sys, "gettotalrefcount"):  # a debug build has another layout
        count = ctypes.c_ssize_t.from_address(id(None))
        count.value = max(count.value, PLENTY)
