"""Requests to one coordinator, sent again where no answer comes."""
from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException, HTTPResponse
from typing import Any, Iterator, Mapping, NamedTuple, Optional, Sequence

from .errors import TradewindError

# How long an answer may take: longer than the coordinator waits before it answers with what there is.
ANSWER_SECONDS = 300.0
# How long a feed may be silent; the coordinator says every 15 seconds that it is there.
SILENCE_SECONDS = 60.0
# The longest answer and the longest line of a feed, in bytes.
ANSWER_LIMIT = 64 * 1024 * 1024
LINE_LIMIT = 4 * 1024 * 1024
# The pause after the first answer that does not come; each further one is twice as long.
FIRST_PAUSE = 0.2


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token is for the coordinator alone."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


class Block(NamedTuple):
    """One server-sent event, or a comment, which has no name."""

    name: str
    id: Optional[str]
    data: str


class Transport:
    """Sends requests and reads answers."""

    def __init__(self, server: str, token: str, attempts: int) -> None:
        self._server = server.rstrip("/")
        self._token = token
        self.attempts = max(1, attempts)

    def perform(self, method: str, path: Sequence[str], body: Optional[Mapping[str, Any]] = None,
                query: Optional[Mapping[str, str]] = None, key: Optional[str] = None,
                deadline: float = float("inf")) -> Any:
        """The value of the answer to a request that may be sent more than once: it only reads, or it has a key.

        It is not sent again once `deadline` has passed, by the monotonic clock.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        for attempt in range(1, self.attempts + 1):
            left = max(0.001, min(ANSWER_SECONDS, deadline - time.monotonic()))
            try:
                with self._open(method, path, body, query, headers, left) as answer:
                    return self._value(answer)
            except TradewindError as error:
                if not error.is_passing or attempt == self.attempts or time.monotonic() >= deadline:
                    raise
            self.pause(attempt)
        raise AssertionError("the last attempt returns or raises")

    def feed(self, path: Sequence[str], position: Optional[int]) -> Iterator[Block]:
        """The events and comments of one connection, until it ends; raises `unreachable` when it is lost.

        An empty comment comes first, as soon as the coordinator has answered.
        """
        headers = {"Accept": "text/event-stream"}
        if position is not None:
            headers["Last-Event-ID"] = str(position)
        with self._open("GET", path, None, None, headers, SILENCE_SECONDS) as answer:
            yield Block("", None, "")
            name, identifier, data = "message", None, ""
            while True:
                try:
                    line = answer.readline(LINE_LIMIT)
                except (OSError, HTTPException) as error:
                    raise self._lost(error) from error
                if not line:
                    return
                field, colon, text = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
                text = text[1:] if text.startswith(" ") else text
                if field == "event":
                    name = text
                elif field == "id":
                    identifier = text
                elif field == "data":
                    data = f"{data}\n{text}" if data else text
                elif not field and colon:
                    yield Block("", None, text)
                elif not field:
                    if data:
                        yield Block(name, identifier, data)
                    name, data = "message", ""

    def pause(self, attempt: int) -> None:
        """Waits before the next attempt."""
        time.sleep(FIRST_PAUSE * 2 ** min(attempt - 1, 6))

    def _open(self, method: str, path: Sequence[str], body: Optional[Mapping[str, Any]],
              query: Optional[Mapping[str, str]], headers: Mapping[str, str], timeout: float) -> HTTPResponse:
        try:
            url = "/".join([self._server, "v1", *(urllib.parse.quote(segment, safe="") for segment in path)])
            if query:
                url += "?" + urllib.parse.urlencode(query)
            request = urllib.request.Request(
                url, method=method, data=None if body is None else json.dumps(body).encode(),
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **headers})
            response: HTTPResponse = _opener.open(request, timeout=timeout)
            return response
        except urllib.error.HTTPError as error:
            raise self._refused(error) from None
        except (OSError, HTTPException) as error:
            raise self._lost(error) from error
        except (TypeError, ValueError) as error:
            raise TradewindError("bad-request", f"the request cannot be written: {error}",
                                 "see that the server is an http(s) address, and give what JSON can say") from error

    def _refused(self, error: urllib.error.HTTPError) -> TradewindError:
        with error:
            try:
                content = error.read(ANSWER_LIMIT)
            except (OSError, HTTPException) as lost:
                return self._lost(lost)
        return TradewindError.from_document(self._document(content), error.code)

    def _value(self, answer: HTTPResponse) -> Any:
        try:
            content = answer.read(ANSWER_LIMIT)
        except (OSError, HTTPException) as error:
            raise self._lost(error) from error
        document = self._document(content)
        if not isinstance(document, dict) or "value" not in document:
            raise TradewindError("bad-answer", f"{self._server} answered what is no answer of a coordinator",
                                 "is it a Tradewind coordinator?")
        return document["value"]

    @staticmethod
    def _document(content: bytes) -> Any:
        try:
            return json.loads(content)
        except ValueError:
            return None

    def _lost(self, error: Exception) -> TradewindError:
        return TradewindError("unreachable", f"{self._server} does not answer: {error}",
                              "see that it runs and that the address is right")
