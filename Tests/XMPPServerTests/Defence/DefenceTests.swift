import NIOCore
import Testing
import XML
import XMPP

@testable import XMPPServer
@testable import XMPPTransport

/// Clients that harm others, or try to: in virtual time, so that it is known to the byte what happens when.
@Suite("Clients that are a burden")
struct DefenceTests {
    private static func chat(_ text: String, to: JID?) -> Stanza {
        .message(Message(to: to, body: text))
    }

    private static func limits(_ change: (inout TransportLimits) -> Void) -> TransportLimits {
        var limits = TransportLimits()
        change(&limits)
        return limits
    }

    @Test("Attack: one client floods. It is read no faster than its rate, and what others say passes at once")
    func flood() throws {
        let server = try EmbeddedServer()
        let alice = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        let flooder = try EmbeddedClient.online("bob", "flood", isManaged: false, on: server)
        let bob = try EmbeddedClient.online("bob", "phone", isManaged: false, on: server)
        let text = String(repeating: "x", count: 1_000)
        var sent = 0
        // The kernel would hold the rest back: whoever is not read from cannot send.
        while flooder.wire.isRead {
            flooder.send(Self.chat(text, to: try JID("nobody@tokyo.test")))
            try flooder.exchange()
            sent += 1
        }
        // A burst of 256 KiB is allowed, and the one stanza more that shows that it was used up.
        #expect((240...263).contains(sent))
        alice.send(Self.chat("hello", to: bob.address))
        try alice.exchange()
        try bob.exchange()
        #expect(bob.bodies == ["hello"])
        // It is read again as time passes, at 32 KiB a second.
        sent = 0
        for _ in 0..<100 {
            server.advance(by: .milliseconds(100))
            while flooder.wire.isRead {
                flooder.send(Self.chat(text, to: try JID("nobody@tokyo.test")))
                try flooder.exchange()
                sent += 1
            }
        }
        #expect((280...320).contains(sent))
    }

    @Test("A client that no rate holds for is read as fast as it sends")
    func exempt() throws {
        let limits = Self.limits { $0.rates.exempt = [EmbeddedServer.account("alice")] }
        let server = try EmbeddedServer(transport: limits)
        let alice = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        let text = String(repeating: "x", count: 1_000)
        for _ in 0..<1_000 { alice.send(Self.chat(text, to: try JID("nobody@tokyo.test"))) }
        try alice.exchange()
        #expect(alice.wire.isRead)
    }

    @Test(
        "Attack: one client never reads. At 500 stanzas it is closed; others get everything",
        arguments: [500, 501])
    func neverReads(count: Int) throws {
        let server = try EmbeddedServer(transport: Self.limits { $0.rates.clients = nil })
        let alice = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        let bob = try EmbeddedClient.online("bob", "phone", isManaged: false, on: server)
        let deaf = try EmbeddedClient.online("bob", "deaf", isManaged: false, on: server)
        deaf.wire.isWritable = false
        for number in 0..<count {
            alice.send(Self.chat("\(number)", to: try #require(bob.address).bare))
            try alice.exchange()
            try bob.exchange()
        }
        #expect(bob.bodies.count == count)
        deaf.wire.isWritable = true
        try deaf.exchange()
        #expect(try deaf.errors().map(\.condition) == (count > 500 ? [.resourceConstraint] : []))
        #expect(deaf.bodies.count == 500)
    }

    @Test("Attack: bytes instead of stanzas. A client that does not read costs no more than 1 MiB")
    func neverReadsBytes() throws {
        let server = try EmbeddedServer(transport: Self.limits { $0.rates.clients = nil })
        let alice = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        let deaf = try EmbeddedClient.online("bob", "deaf", isManaged: false, on: server)
        deaf.wire.isWritable = false
        let text = String(repeating: "x", count: 100_000)
        for _ in 0..<12 {
            alice.send(Self.chat(text, to: deaf.address))
            try alice.exchange()
        }
        deaf.wire.isWritable = true
        try deaf.exchange()
        #expect(try deaf.errors().map(\.condition) == [.resourceConstraint])
        #expect(deaf.bodies.count == 10)
    }

    @Test(
        "Attack: a byte a second, after authentication. It is kept alive, and others talk on as if it were not there"
    )
    func byteASecond() throws {
        let server = try EmbeddedServer()
        let alice = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        let slow = try EmbeddedClient.online("bob", "slow", isManaged: false, on: server)
        let bob = try EmbeddedClient.online("bob", "phone", isManaged: false, on: server)
        let bytes = Array("<message to='alice@paris.test' type='chat'><body>at last</body></message>".utf8)
        for (number, byte) in bytes.enumerated() {
            try slow.wire.write([byte])
            // In the same second, before any time passes, one message each way.
            alice.send(Self.chat("to bob \(number)", to: bob.address))
            bob.send(Self.chat("to alice \(number)", to: alice.address))
            try alice.exchange()
            try bob.exchange()
            try alice.exchange()
            #expect(bob.bodies.last == "to bob \(number)")
            if number < bytes.count - 1 { #expect(alice.bodies.last == "to alice \(number)") }
            server.advance(by: .seconds(1))
        }
        try alice.exchange()
        #expect(alice.bodies.count == bytes.count + 1)
        #expect(alice.bodies.contains("at last"))
        #expect(bob.bodies.count == bytes.count)
        #expect(slow.wire.isOpen)
    }

    // MARK: Silence

    @Test(
        "A client that is silent for five minutes is asked, and closed when it says nothing for thirty seconds"
    )
    func silence() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        client.others.removeAll()
        server.advance(by: .seconds(299))
        try client.exchange()
        #expect(client.inbox.filter { $0.id == "silence" }.isEmpty)
        server.advance(by: .seconds(1))
        try client.exchange()
        #expect(client.inbox.filter { $0.id == "silence" }.count == 1)
        server.advance(by: .seconds(29))
        #expect(client.wire.isOpen)
        server.advance(by: .seconds(1))
        try client.exchange()
        #expect(try client.errors().map(\.condition) == [.connectionTimeout])
    }

    @Test("Whoever answers stays, for as long as it likes; with stream management the question is <r/>")
    func answered() throws {
        for isManaged in [false, true] {
            let server = try EmbeddedServer()
            let client = try EmbeddedClient.online("alice", "desk", isManaged: isManaged, on: server)
            for _ in 0..<100 {
                server.advance(by: .minutes(1))
                try client.exchange()
                for case .iq(let iq) in client.inbox where iq.id == "silence" && !isManaged {
                    client.send(.iq(iq.reply(.result(nil))))
                    try client.exchange()
                }
                client.inbox.removeAll()
            }
            #expect(client.wire.isOpen)
            #expect(try client.errors().isEmpty)
        }
    }

    @Test("Attack: authenticate and stop there. Whoever binds nothing in time is closed")
    func unbound() throws {
        for isBound in [false, true] {
            let server = try EmbeddedServer()
            let client = try EmbeddedClient("alice", on: server)
            try client.exchange()
            server.advance(by: .seconds(29))
            // Other bytes do not buy time.
            try client.wire.write(Array(" ".utf8))
            if isBound { try client.bind("desk") }
            try client.exchange()
            #expect(try client.errors().isEmpty)
            server.advance(by: .seconds(1))
            try client.exchange()
            #expect(try client.errors().map(\.condition) == (isBound ? [] : [.connectionTimeout]))
        }
    }

    @Test("Attack: a stanza that is never finished. After five minutes the stream is closed")
    func unfinishedStanza() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        try client.wire.write(Array("<message to='bob@paris.test'><body>".utf8))
        for minute in 1...5 {
            #expect(try client.errors().isEmpty)
            server.advance(by: .seconds(59))
            // It is not silent.
            try client.wire.write(Array("x".utf8))
            server.advance(by: .seconds(1))
            try client.exchange()
            #expect(try client.errors().isEmpty == (minute < 5))
        }
        #expect(try client.errors().map(\.condition) == [.connectionTimeout])
    }

    @Test("A space is sent when nothing was said for a minute, and not before")
    func keepalive() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        // Until then something was said: the answer to binding counts for the minute after it.
        server.advance(by: .minutes(2))
        _ = try client.wire.read()
        server.advance(by: .milliseconds(59_999))
        #expect(try client.wire.read().isEmpty)
        server.advance(by: .milliseconds(1))
        #expect(try client.wire.read() == Array(" ".utf8))
    }

    @Test("A silent client's session waits for it: the stream is closed, the session is not")
    func silenceAndResumption() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", on: server)
        client.isAcknowledging = false
        server.advance(by: .seconds(330))
        try client.exchange()
        #expect(try client.errors().map(\.condition) == [.connectionTimeout])
        client.cut()
        try client.resume()
        try client.exchange()
        #expect(client.others.contains { $0.name == "resumed" })
    }

    // MARK: Attention

    @Test("XEP-0352: presence waits for a client that nobody looks at, and comes with the next message")
    func clientState() throws {
        for isManaged in [false, true] {
            let server = try EmbeddedServer()
            let desk = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
            let phone = try EmbeddedClient.online("alice", "phone", isManaged: isManaged, on: server)
            phone.write(Element("inactive", namespace: Namespace.clientState))
            try phone.exchange()
            phone.inbox.removeAll()
            for _ in 0..<3 {
                desk.send(.presence(Presence(to: nil)))
                try desk.exchange()
            }
            try phone.exchange()
            #expect(phone.inbox.isEmpty)
            desk.send(Self.chat("look", to: phone.address))
            try desk.exchange()
            try phone.exchange()
            #expect(phone.inbox.count == 2)
            #expect(phone.inbox.first?.presenceValue?.from == desk.address)
            #expect(phone.bodies == ["look"])
            desk.send(.presence(Presence(to: nil)))
            try desk.exchange()
            try phone.exchange()
            #expect(phone.inbox.count == 2)
            phone.write(Element("active", namespace: Namespace.clientState))
            try phone.exchange()
            #expect(phone.inbox.count == 3)
        }
    }

    @Test("XEP-0352 §5.1: after a resumption the client is active again, and gets what waited")
    func clientStateAndResumption() throws {
        let server = try EmbeddedServer()
        let desk = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        let phone = try EmbeddedClient.online("alice", "phone", on: server)
        phone.write(Element("inactive", namespace: Namespace.clientState))
        try phone.exchange()
        phone.inbox.removeAll()
        phone.cut()
        for _ in 0..<1_000 {
            desk.send(.presence(Presence(to: nil)))
            try desk.exchange()
        }
        try phone.resume()
        try phone.exchange()
        #expect(phone.inbox.count == 1)
        desk.send(.presence(Presence(to: nil)))
        try desk.exchange()
        try phone.exchange()
        #expect(phone.inbox.count == 2)
    }
}
