import Testing
import XML
import XMPP

@testable import XMPPServer

/// RFC 6121 §8.5 for messages, through the whole of the domain: what arrives, what is kept, what comes back.
@Suite struct MessageDeliveryTests {
    /// What becomes of a message.
    enum Fate: Hashable, Sendable, CustomStringConvertible {
        /// It is handed to these resources of Bob's.
        case delivered([String])
        case kept
        case ignored
        case refused(StanzaError.Condition)

        var description: String {
            switch self {
            case .delivered(let resources): "delivered to \(resources)"
            case .kept: "kept"
            case .ignored: "ignored"
            case .refused(let condition): "refused with \(condition.rawValue)"
            }
        }
    }

    typealias Row = (kind: Message.Kind, fate: Fate)

    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")
    static let unavailable = Fate.refused(.serviceUnavailable)
    static let crowd: [(String, Int8?)] = [("bot", -1), ("desk", 5), ("phone", 0), ("silent", nil)]
    static let absent: [(String, Int8?)] = [("bot", -1), ("silent", nil)]

    /// Sends Bob, who has these clients, one message of the kind from another domain and looks what becomes of it.
    func fate(
        of kind: Message.Kind, to address: String, clients: [(String, Int8?)] = []
    ) throws -> Fate {
        var bench = DomainBench()
        let sessions = try clients.map { try bench.connect("bob", $0.0, priority: $0.1) }
        for session in sessions { _ = bench.take(session) }
        bench.handle(
            .routed(
                .message(Message(to: try JID(address), from: Self.carol, id: "m", kind: kind, body: "hi"))))
        let holders = sessions.filter { !bench.take($0).isEmpty }.compactMap(\.address.resource)
        let answers = bench.takeRemote()
        #expect(answers.allSatisfy { $0.to == Self.carol && $0.messageValue?.id == "m" })
        #expect(answers.count <= 1)
        if let condition = answers.first?.errorCondition { return .refused(condition) }
        if !bench.disk.isEmpty { return .kept }
        return holders.isEmpty ? .ignored : .delivered(holders)
    }

    @Test(
        "RFC 6121 §8.5.1: A message to no such user",
        arguments: [
            (Message.Kind.normal, Self.unavailable), (.chat, Self.unavailable),
            (.groupchat, Self.unavailable),
            (.headline, Fate.ignored), (.error, .ignored),
        ] as [Row])
    func noSuchUser(row: Row) throws {
        #expect(try self.fate(of: row.kind, to: "nobody@paris.test") == row.fate)
        #expect(try self.fate(of: row.kind, to: "nobody@paris.test/desk") == row.fate)
    }

    @Test(
        "RFC 6121 §8.5.2.1.1: A message to a bare address with clients available",
        arguments: [
            (.normal, .delivered(["desk", "phone"])), (.chat, .delivered(["desk", "phone"])),
            (.groupchat, Self.unavailable), (.headline, .delivered(["desk", "phone"])), (.error, .ignored),
        ] as [Row])
    func bareAvailable(row: Row) throws {
        #expect(try self.fate(of: row.kind, to: "bob@paris.test", clients: Self.crowd) == row.fate)
    }

    @Test(
        "RFC 6121 §8.5.2.1.1: Clients of negative priority or without presence are as good as none",
        arguments: [
            (.normal, .kept), (.chat, .kept), (.groupchat, Self.unavailable), (.headline, .ignored),
            (.error, .ignored),
        ] as [Row])
    func bareUnwilling(row: Row) throws {
        #expect(try self.fate(of: row.kind, to: "bob@paris.test", clients: Self.absent) == row.fate)
    }

    @Test(
        "RFC 6121 §8.5.2.2.1: A message to a bare address with nobody there",
        arguments: [
            (.normal, .kept), (.chat, .kept), (.groupchat, Self.unavailable), (.headline, .ignored),
            (.error, .ignored),
        ] as [Row])
    func bareAbsent(row: Row) throws {
        #expect(try self.fate(of: row.kind, to: "bob@paris.test") == row.fate)
    }

    @Test(
        "RFC 6121 §8.5.3.1: A message to a client that is there, whatever its priority",
        arguments: [Message.Kind.normal, .chat, .groupchat, .headline, .error],
        ["bot", "desk", "phone", "silent"])
    func fullMatch(kind: Message.Kind, resource: String) throws {
        let fate = try self.fate(of: kind, to: "bob@paris.test/\(resource)", clients: Self.crowd)
        #expect(fate == .delivered([resource]))
    }

    @Test(
        "RFC 6121 §8.5.3.2.1: A message to a client that is not there, while others are",
        arguments: [
            (.normal, Self.unavailable), (.chat, .delivered(["desk", "phone"])),
            (.groupchat, Self.unavailable),
            (.headline, Self.unavailable), (.error, .ignored),
        ] as [Row])
    func fullNoMatch(row: Row) throws {
        #expect(try self.fate(of: row.kind, to: "bob@paris.test/gone", clients: Self.crowd) == row.fate)
    }

    @Test(
        "RFC 6121 §8.5.3.2.1: A message to a client that is not there, nor any other",
        arguments: [
            (.normal, Self.unavailable), (.chat, .kept), (.groupchat, Self.unavailable),
            (.headline, Self.unavailable), (.error, .ignored),
        ] as [Row])
    func fullNobody(row: Row) throws {
        for clients in [[], Self.absent] {
            #expect(try self.fate(of: row.kind, to: "bob@paris.test/gone", clients: clients) == row.fate)
        }
    }

    @Test("RFC 6121 §5.2.2: A message without a type, or with one nobody knows, is a normal one")
    func unknownType() throws {
        for type in [nil, "normal", "telegram"] {
            let element = Element(
                "message", namespace: Namespace.client, ["to": "bob@paris.test", "type": type],
                [Element("body", namespace: Namespace.client, text: "hi")])
            guard case .message(let message) = try Stanza(parsing: element) else {
                Issue.record("a message of type \(type ?? "none") is read as something else")
                continue
            }
            #expect(message.kind == .normal)
        }
    }

    @Test("RFC 6121 §8.2: A message without 'to' is one to one's own account")
    func noAddress() throws {
        var bench = DomainBench()
        let desk = try bench.connect("bob", "desk")
        let phone = try bench.connect("bob", "phone")
        _ = (bench.take(desk), bench.take(phone))
        bench.send(.message(Message(to: nil, id: "m", body: "note")), from: desk)
        let got = bench.take(phone).compactMap(\.messageValue)
        #expect(got.map(\.to) == [phone.address.bare])
        #expect(got.map(\.from) == [desk.address])
    }

    @Test("RFC 6120 §8.3.1: An error is never answered with an error", arguments: ["nobody", "bob"])
    func errorsAreNotAnswered(name: String) throws {
        var bench = DomainBench()
        for to in [DomainBench.local(name), try DomainBench.local(name).withResource("gone")] {
            let error = StanzaError(.itemNotFound)
            for stanza in [
                Stanza.message(
                    Message(to: to, from: Self.carol, id: "e", kind: .error, payloads: [error.element])),
                .presence(Presence(to: to, from: Self.carol, kind: .error, payloads: [error.element])),
                .iq(IQ(to: to, from: Self.carol, id: "e", body: .error(error))),
                .iq(IQ(to: to, from: Self.carol, id: "e", body: .result(nil))),
            ] { bench.handle(.routed(stanza)) }
        }
        #expect(bench.takeRemote().isEmpty)
        #expect(bench.disk.isEmpty)
    }
}
