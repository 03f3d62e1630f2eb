/// Cuts a stream of server-sent events (WHATWG HTML §9.2) into events, however it is split on the way.
package struct EventReader: Sendable {
    package struct Event: Hashable, Sendable {
        package var name: String
        package var data: String
        /// Where the stream goes on after it: the id of the last event that had one.
        package var id: String?

        package init(name: String = "message", data: String = "", id: String? = nil) {
            self.name = name
            self.data = data
            self.id = id
        }
    }

    /// The stream has an event that is longer than any that is taken.
    package struct TooLong: Error, Hashable, Sendable {}

    /// The most bytes of one event.
    package static let limit = 4 * 1_024 * 1_024

    private var line: [UInt8] = []
    private var event = Event()
    private var size = 0

    package init() {}

    /// The events that are complete after these bytes.
    package mutating func read(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                self.size += 1
                guard self.size <= Self.limit else { throw TooLong() }
                if byte != UInt8(ascii: "\r") { self.line.append(byte) }
                continue
            }
            if self.line.isEmpty {
                if !self.event.data.isEmpty { events.append(self.event) }
                self.event = Event(id: self.event.id)
                self.size = 0
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
        case "id": self.event.id = String(value)
        default: break
        }
    }
}
