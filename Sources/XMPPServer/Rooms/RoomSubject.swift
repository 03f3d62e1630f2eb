package import CloudModel
package import XML
package import XMPP

/// What the conversation of a room is about (XEP-0045 §7.2.15, §8.1).
package struct RoomSubject: Hashable, Sendable {
    /// The `<subject/>` elements, one for each language.
    package let elements: [Element]
    /// Who set it, by the nickname of that time.
    package let nickname: String
    package let author: OccupantID
    package let time: Instant

    package init(elements: [Element], nickname: String, author: OccupantID, time: Instant) {
        self.elements = elements
        self.nickname = nickname
        self.author = author
        self.time = time
    }

    /// The first text.
    package var text: String { self.elements.first?.text ?? "" }
}
