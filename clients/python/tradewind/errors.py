"""Why something was not done."""
from __future__ import annotations

from typing import Any, Callable, Mapping, Optional, TypeVar

Value = TypeVar("Value")

# The same request may be answered otherwise in a moment.
PASSING = frozenset({"unavailable", "timeout", "unreachable"})


class TradewindError(Exception):
    """Why something was not done, and what to do next.

    `code` is the server's (`not-found`, `refused`, `key-reused`, …), or one of this library: `unreachable` where no
    answer came, `bad-answer` where it is not understood, `failed` for what could not be placed or was removed.
    """

    def __init__(self, code: str, message: str, next: Optional[str] = None, site: Optional[str] = None) -> None:
        super().__init__(f"{message}; {next}" if next else message)
        self.code = code
        self.message = message
        self.next = next
        self.site = site

    @property
    def is_passing(self) -> bool:
        """Whether the same request may be answered otherwise in a moment."""
        return self.code in PASSING

    @classmethod
    def from_document(cls, document: Any, status: int) -> TradewindError:
        """The error of a problem document (RFC 9457), or of whatever else stands in its place."""
        if isinstance(document, Mapping) and "code" in document:
            return cls(str(document["code"]), str(document.get("detail", status)), document.get("next"),
                       document.get("site"))
        if 300 <= status < 400:
            return cls("bad-answer", f"the answer was {status}: it is somewhere else, and no redirect is followed",
                       "give the address of the coordinator itself")
        code = "unavailable" if status in (502, 503, 504) else "bad-answer"
        return cls(code, f"the answer was {status}")


def understood(read: Callable[[Any], Value], answer: Any) -> Value:
    """What `read` makes of an answer; raises `bad-answer` where that is nothing."""
    try:
        return read(answer)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError) as error:
        raise TradewindError("bad-answer", f"the answer is not understood: {error!r}",
                             "is it a Tradewind coordinator?") from error
