/// Cuts a stream of server-sent events (WHATWG HTML §9.2) into events, however it is split on the way.
///
/// Left out: `retry`, which is for whoever connects anew, and a byte order mark, which we do not write.
package struct EventReader: Sendable {
    package struct Event: Hashable, Sendable {
        package var name: String
        package var data: String
        /// Where the stream goes on after it: the id of the last event that had one.
        package var id: String?

        package init(name: String = Self.usualName, data: String = "", id: String? = nil) {
            self.name = name
            self.data = data
            self.id = id
        }

        /// What an event is called that names itself nothing.
        package static let usualName = "message"
    }

    /// The stream has an event that is longer than any that is taken.
    package struct TooLong: Error, Hashable, Sendable {}

    /// The most bytes of one event.
    package static let limit = 4 * 1_024 * 1_024

    private var line: [UInt8] = []
    /// Whether the last byte ended a line that a line feed would end as well.
    private var followsReturn = false
    private var name = ""
    private var data: [String] = []
    private var id: String?
    private var size = 0

    package init() {}

    /// The events that are complete after these bytes.
    package mutating func read(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            let isSameEnd = self.followsReturn && byte == UInt8(ascii: "\n")
            self.followsReturn = byte == UInt8(ascii: "\r")
            if isSameEnd { continue }
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
                self.size += 1
                guard self.size <= Self.limit else { throw TooLong() }
                self.line.append(byte)
                continue
            }
            if self.line.isEmpty {
                if let event = self.finish() { events.append(event) }
            } else {
                self.take(String(decoding: self.line, as: UTF8.self))
                self.line = []
            }
        }
        return events
    }

    /// The event that an empty line ends; nil if it has no data.
    private mutating func finish() -> Event? {
        defer { (self.name, self.data, self.size) = ("", [], 0) }
        guard !self.data.isEmpty else { return nil }
        return Event(
            name: self.name.isEmpty ? Event.usualName : self.name, data: self.data.joined(separator: "\n"),
            id: self.id)
    }

    /// Takes a field; one without a colon has no value, and one without a name is a comment.
    private mutating func take(_ line: String) {
        let colon = line.firstIndex(of: ":") ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == " " { value.removeFirst() }
        switch line[..<colon] {
        case "event": self.name = String(value)
        case "data": self.data.append(String(value))
        case "id" where !value.contains("\0"): self.id = String(value)
        default: break
        }
    }
}
