import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Names and rules of archived messages")
struct ArchiveIDsTests {
    static let alice = DomainBench.local("alice")
    let ids = ArchiveIDs(key: Array(repeating: 7, count: 32))

    @Test("XEP-0313 §3.1: an id leads back to its message, and only in its own archive")
    func roundTrip() {
        for sequence in [1, 2, 255, 256, Int64.max] {
            let id = self.ids.id(of: sequence, in: Self.alice)
            #expect(self.ids.sequence(of: id, in: Self.alice) == sequence)
            #expect(self.ids.sequence(of: id, in: DomainBench.local("bob")) == nil)
            #expect(ArchiveIDs(key: [1]).sequence(of: id, in: Self.alice) == nil)
        }
    }

    @Test("What this server did not give is no id, whatever it looks like")
    func forged() {
        let id = self.ids.id(of: 1_000, in: Self.alice)
        for index in id.indices {
            var forged = id
            forged.replaceSubrange(index...index, with: id[index] == "0" ? "1" : "0")
            #expect(self.ids.sequence(of: forged, in: Self.alice) == nil)
        }
        for text in ["", "1", "1000", "' OR 1=1 --", String(repeating: "0", count: 32), id + "0", "\u{0}"] {
            #expect(self.ids.sequence(of: text, in: Self.alice) == nil)
        }
    }

    @Test("A sequence is never given twice, whatever the clock does")
    func sequences() {
        var archive = MessageArchive(ids: self.ids, lastSequence: 5_000)
        let message = Message(to: Self.alice, body: "x")
        var last: Int64 = 5_000
        for milliseconds in [1, 1, 1_000, 2, -5, 1_001, Int64.max] {
            let entry = archive.file(
                message, in: Self.alice, peer: Self.alice,
                at: Instant(millisecondsSinceEpoch: milliseconds))
            #expect(entry.sequence > last)
            last = entry.sequence
        }
    }

    static func message(_ kind: Message.Kind, _ payloads: [Element], body: String? = "x") -> Message {
        var message = Message(to: Self.alice, kind: kind, payloads: payloads)
        if let body { message.payloads.append(Element("body", namespace: Namespace.client, text: body)) }
        return message
    }

    static func hint(_ name: String) -> Element { Element(name, namespace: Namespace.hints) }

    @Test("XEP-0313 §6.1.2, XEP-0334: what is kept and what is not")
    func worth() {
        let composing = Element("composing", namespace: "http://jabber.org/protocol/chatstates")
        for kind in [Message.Kind.chat, .normal] {
            #expect(ArchiveRules.isWorthKeeping(Self.message(kind, [])))
            #expect(ArchiveRules.isWorthKeeping(Self.message(kind, [composing])))
            #expect(!ArchiveRules.isWorthKeeping(Self.message(kind, [composing], body: nil)))
            #expect(ArchiveRules.isWorthKeeping(Self.message(kind, [Self.hint("store")], body: nil)))
            #expect(!ArchiveRules.isWorthKeeping(Self.message(kind, [Self.hint("no-store")])))
            #expect(!ArchiveRules.isWorthKeeping(Self.message(kind, [Self.hint("no-permanent-store")])))
            #expect(
                !ArchiveRules.isWorthKeeping(Self.message(kind, [Self.hint("store"), Self.hint("no-store")])))
        }
        for kind in [Message.Kind.groupchat, .headline, .error] {
            #expect(!ArchiveRules.isWorthKeeping(Self.message(kind, [Self.hint("store")])))
        }
    }

    @Test("XEP-0441 §3.2: lists before the default; bare addresses stand for all their resources")
    func preferences() throws {
        let (bob, desk) = (try JID("bob@rome.test"), try JID("bob@rome.test/desk"))
        for standard in ArchivePreferences.Standard.allCases {
            let never = ArchivePreferences(standard: standard, always: [bob], never: [desk])
            #expect(!never.allow(desk, isInRoster: true))
            #expect(never.allow(bob, isInRoster: false))
            #expect(never.allow(try JID("bob@rome.test/phone"), isInRoster: false))
        }
        func allows(_ standard: ArchivePreferences.Standard, _ isInRoster: Bool) -> Bool {
            ArchivePreferences(standard: standard).allow(bob, isInRoster: isInRoster)
        }
        #expect(allows(.always, false))
        #expect(!allows(.never, true))
        #expect(allows(.roster, true))
        #expect(!allows(.roster, false))
    }
}
