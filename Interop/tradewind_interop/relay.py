"""A TCP relay whose connections a test can cut, wherever their bytes are at that moment."""
import selectors
import socket
import struct
import threading

CHUNK_BYTES = 4096


class Relay:
    """Listens on `host`:`port` and passes everything on to `target`."""

    def __init__(self, host, port, target):
        self._target = target
        self._listener = socket.create_server((host, port))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._peers = {}
        self._lock = threading.Lock()
        self._is_open = True
        self.connections = 0
        # From those who connected to the target.
        self.bytes_up = 0
        self._outer = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while self._is_open:
            for key, _ in self._selector.select(0.2):
                with self._lock:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj in self._peers:
                        self._pass_on(key.fileobj)

    def _accept(self):
        inner, _ = self._listener.accept()
        try:
            outer = socket.create_connection(self._target, timeout=5)
        except OSError:
            inner.close()
            return
        self.connections += 1
        self._outer.add(outer)
        for one, other in ((inner, outer), (outer, inner)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, source):
        try:
            data = source.recv(CHUNK_BYTES)
            if data:
                if self._peers[source] in self._outer:
                    self.bytes_up += len(data)
                self._peers[source].sendall(data)
                return
        except OSError:
            pass
        self._drop(source)

    def _drop(self, one):
        for end in (one, self._peers.get(one)):
            if end in self._peers:
                del self._peers[end]
                self._outer.discard(end)
                self._selector.unregister(end)
                end.close()

    def cut(self):
        """Resets every connection: what is under way in either direction is lost."""
        with self._lock:
            for end in list(self._peers):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            for end in list(self._peers):
                if end in self._peers:
                    self._drop(end)

    def close(self):
        self._is_open = False
        self._thread.join(5)
        self.cut()
        self._listener.close()
