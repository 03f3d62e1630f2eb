import CloudModel
import XML
import XMPP
import XMPPServer

/// A domain with two accounts and rooms, fed with stanzas of clients, of another server and of its own service.
///
/// Records end at NUL: what happens, by whom, and the stanza as text.
enum RoutingTarget {
    /// Records of one input that are looked at.
    private static let longestStory = 64

    static func check(_ input: [UInt8]) throws(FuzzViolation) {
        var world = RoutingWorld()
        for record in input.split(separator: 0, maxSplits: Self.longestStory).prefix(Self.longestStory) {
            guard record.count >= 2 else { continue }
            let bytes = Array(record)
            try world.play(
                what: bytes[0], who: Int(bytes[1]), stanza: Self.stanza(Array(bytes.dropFirst(2))))
        }
    }

    /// The stanza as a client's stream would bring it; nil if it would not.
    private static func stanza(_ text: [UInt8]) -> Stanza? {
        let stream = Array("<stream xmlns='\(Namespace.client)'>".utf8) + text + Array("</stream>".utf8)
        do {
            guard let element = try Element(parsing: stream, limits: .client).elements.first else {
                return nil
            }
            return try Stanza(parsing: element)
        } catch {
            return nil
        }
    }
}
