"""A reply as HTTP/1.1 frames it: its head, its pieces, its end. Pure."""

from dataclasses import dataclass
from http import HTTPStatus

from helpers.fake_llm.wire import Request

JSON = b"application/json"
_REASONS = {
    status.value: b"%d %b" % (status.value, status.phrase.encode()) for status in HTTPStatus
}


@dataclass(slots=True)
class Envelope:
    """The head and the framing of one reply. `lines` are header lines, each with its CRLF."""

    request: Request
    lines: bytes = b""

    def whole(self, status: int, kind: bytes, body: bytes) -> bytes:
        """A reply in one piece."""
        close = b"" if self.request.keep_alive else b"connection: close\r\n"
        shown = b"" if self.request.method == b"HEAD" else body
        return b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n%b%b\r\n%b" % (
            _REASONS[status],
            kind,
            len(body),
            self.lines,
            close,
            shown,
        )

    def opening(self, kind: bytes) -> bytes:
        """The head of a reply in pieces.

        HTTP/1.0 has no chunks: there the connection's end ends the reply.
        """
        old, keep_alive = self.request.old, self.request.keep_alive
        framing = b"connection: close" if old else b"transfer-encoding: chunked"
        close = b"" if keep_alive or old else b"connection: close\r\n"
        return b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\n%b\r\n%b%b\r\n" % (
            kind,
            framing,
            self.lines,
            close,
        )

    def piece(self, data: bytes) -> bytes:
        """One piece."""
        return data if self.request.old else b"%x\r\n%b\r\n" % (len(data), data)

    @property
    def closing(self) -> bytes:
        """What follows the last piece."""
        return b"" if self.request.old else b"0\r\n\r\n"
