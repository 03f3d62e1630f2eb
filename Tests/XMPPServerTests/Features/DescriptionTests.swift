import Foundation
import Testing
import XML
import XMPP

@testable import XMPPServer

/// The machine-readable description of this project (XEP-0453) beside what the server really announces.
@Suite struct DescriptionTests {
    /// Which specification announces itself by which name, in service discovery or on a client's stream; none for those
    /// of RFC 6120 and 6121.
    static let names: [String: Int?] = [
        Namespace.bind: nil, Namespace.session: nil, Namespace.rosterVersioning: nil,
        Namespace.preApproval: nil,
        Namespace.discoInfo: 30, Namespace.discoItems: 30, "vcard-temp": 54, Namespace.privateData: 49,
        Namespace.lastActivity: 12, Namespace.registration: 77, Namespace.version: 92,
        ContactAddresses.formType: 157, "msgoffline": 160, Namespace.blocking: 191, Namespace.ping: 199,
        Namespace.time: 202, Namespace.carbons: 280, Namespace.stanzaIDs: 359,
        "http://jabber.org/protocol/caps": 115, "urn:xmpp:sm:3": 198, "urn:xmpp:csi:0": 352,
        "urn:xmpp:mam:2": 313, "urn:xmpp:mam:2#extended": 313, "http://jabber.org/protocol/rsm": 59,
        "http://jabber.org/protocol/pubsub": 60, "urn:xmpp:bookmarks:1#compat": 402,
    ]

    /// What shows elsewhere: in payloads, between servers, before authentication, in rooms, or by the local service.
    static let unannounced: Set<Int> = [
        4, 45, 50, 59, 68, 82, 85, 106, 114, 128, 133, 163, 178, 184, 185, 203, 220, 223, 249, 288, 297, 308,
        313, 334, 368, 402, 410, 421, 439, 440, 453, 478,
    ]

    /// The extensions that the file claims, by number.
    static func claimed() throws -> Set<Int> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "doc/tradewind.doap")
        let text = try String(contentsOf: file, encoding: .utf8)
        return Set(text.matches(of: /extensions\/xep-(\d{4})\.html/).compactMap { Int($0.1) })
    }

    /// Everything a server with contact addresses announces.
    static func announced() -> Set<String> {
        let bench = DomainBench(contacts: ContactAddresses([.abuse: ["mailto:abuse@paris.test"]]))
        let info = bench.domain.info
        let stream = bench.domain.streamFeatures.map(\.element.namespace)
        return Set(info.features + info.forms.compactMap(\.formType) + stream)
            .union(bench.domain.features.accountFeatures)
    }

    /// The number behind a name; a name with a fragment (`pubsub#publish`) counts as the name before it.
    static func specification(of name: String) -> Int?? {
        names[name] ?? names[String(name.prefix { $0 != "#" })]
    }

    @Test("XEP-0453 §4: What is announced is claimed in doc/tradewind.doap")
    func announcedIsClaimed() throws {
        let claimed = try Self.claimed()
        for name in Self.announced().sorted() {
            guard let specification = Self.specification(of: name) else {
                Issue.record("\(name) is announced and in no list: add it here, and its XEP to the file")
                continue
            }
            guard let number = specification else { continue }
            #expect(claimed.contains(number), "\(name): XEP \(number) is announced but not in the file")
        }
    }

    @Test("XEP-0453 §4: What is claimed in doc/tradewind.doap is announced, or can be seen elsewhere")
    func claimedIsAnnounced() throws {
        let shown = Set(Self.announced().compactMap { Self.specification(of: $0) ?? nil })
        for number in try Self.claimed().sorted() where !Self.unannounced.contains(number) {
            #expect(shown.contains(number), "the file claims XEP \(number), which nothing announces")
        }
        #expect(try Self.claimed().count > 30)
    }
}
