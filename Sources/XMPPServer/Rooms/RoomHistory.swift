package import CloudModel
import XML
package import XMPP

/// What was said last in a room, for those who come later (XEP-0045 §7.2.13).
package struct RoomHistory: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        /// As it was reflected, without `to`.
        package let message: Message
        package let time: Instant
        /// Bytes, about.
        let weight: Int
    }

    package let stanzas: Int
    package let bytes: Int
    package private(set) var entries: [Entry] = []
    private var weight = 0

    /// An empty history of at most `stanzas` messages and `bytes` bytes.
    package init(stanzas: Int, bytes: Int) {
        self.stanzas = stanzas
        self.bytes = bytes
    }

    /// Remembers a message; the oldest give way.
    package mutating func remember(_ message: Message, at time: Instant) {
        let entry = Entry(message: message, time: time, weight: Stanza.message(message).weight)
        self.entries.append(entry)
        self.weight += entry.weight
        while self.entries.count > self.stanzas || self.weight > self.bytes, let oldest = self.entries.first {
            self.weight -= oldest.weight
            self.entries.removeFirst()
        }
    }

    /// The messages that a newcomer gets: the latest that satisfy all that the room and the newcomer want.
    ///
    /// - Parameter stanza: the message as it will be sent, whose characters are counted.
    package func messages(
        for wish: RoomEntry.History?, atMost limit: Int, now: Instant, stanza: (Entry) -> Message
    ) -> [Message] {
        let count = min(limit, wish?.stanzas ?? limit)
        var budget = wish?.characters
        var chosen: [Message] = []
        for entry in self.entries.reversed() {
            guard chosen.count < count, Self.isRecent(entry, wish, now) else { break }
            let message = stanza(entry)
            if let left = budget {
                guard let characters = Self.characters(of: message) else { continue }
                guard characters <= left else { break }
                budget = left - characters
            }
            chosen.append(message)
        }
        return chosen.reversed()
    }

    /// How long the stanza is; nil if it cannot be written at all.
    private static func characters(of message: Message) -> Int? {
        do throws(PrintError) {
            return try Stanza.message(message).element().serializedText().unicodeScalars.count
        } catch {
            return nil
        }
    }

    private static func isRecent(_ entry: Entry, _ wish: RoomEntry.History?, _ now: Instant) -> Bool {
        if let seconds = wish?.seconds {
            // Nothing is older than a century, and so large a count would overflow.
            let age = Duration.seconds(min(seconds, 3_000_000_000))
            guard entry.time.advanced(by: age) >= now else { return false }
        }
        if let since = wish?.since {
            return entry.time.millisecondsSinceEpoch >= since.millisecondsSinceEpoch
        }
        return true
    }
}
