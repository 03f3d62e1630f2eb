/// Cuts a stream of server-sent events (WHATWG HTML §9.2) into events, however it is split on the way.
struct EventReader {
    struct Event: Hashable, Sendable {
        var name = "message"
        var data = ""
    }

    private var line: [UInt8] = []
    private var event = Event()

    /// The events that are complete after these bytes.
    mutating func read(_ bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                if byte != UInt8(ascii: "\r") { self.line.append(byte) }
                continue
            }
            if self.line.isEmpty {
                if !self.event.data.isEmpty { events.append(self.event) }
                self.event = Event()
            } else {
                self.take(String(decoding: self.line, as: UTF8.self))
                self.line = []
            }
        }
        return events
    }

    private mutating func take(_ line: String) {
        guard let colon = line.firstIndex(of: ":") else { return }
        var value = line[line.index(after: colon)...]
        if value.first == " " { value.removeFirst() }
        switch line[..<colon] {
        case "event": self.event.name = String(value)
        case "data": self.event.data += self.event.data.isEmpty ? String(value) : "\n" + value
        default: break
        }
    }
}
