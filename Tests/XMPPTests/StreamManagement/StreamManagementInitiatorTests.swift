import TestRandomness
import Testing
import XML
import XMPP

@Suite("Stream management, the side that opened the stream")
struct StreamManagementInitiatorTests {
    private typealias Initiator = StreamManagementInitiator<Int>

    private static func make() -> Initiator {
        Initiator(limits: .init(stanzas: 100, bytes: 1_000))
    }

    private static func on(_ terms: StreamManagementElement.Terms = .init(token: "t")) -> Initiator {
        var side = Self.make()
        _ = side.enable()
        _ = side.receive(StreamManagementElement.enabled(terms).element)
        return side
    }

    private static func elements(_ directives: [Initiator.Directive]) throws -> [StreamManagementElement] {
        try directives.compactMap { directive in
            if case .send(let element) = directive {
                try StreamManagementElement(parsing: element)
            } else {
                nil
            }
        }
    }

    @Test("XEP-0198 §3: resumption is asked for, once")
    func enabling() throws {
        var side = Self.make()
        #expect(!side.isActive)
        #expect(
            try Self.elements(side.enable(resumptionTime: 60))
                == [.enable(isResumable: true, resumptionTime: 60)])
        #expect(side.enable() == [])
        let terms = StreamManagementElement.Terms(token: "t", resumptionTime: 30)
        #expect(side.receive(StreamManagementElement.enabled(terms).element) == [.enabled(terms)])
        #expect(side.terms == terms)
    }

    @Test("XEP-0198 §4: what is sent after <enable/> counts, and is asked about once the server knows")
    func early() throws {
        var side = Self.make()
        #expect(side.send(0, bytes: 1) == .kept(mustRequest: false))
        _ = side.enable()
        #expect(side.send(1, bytes: 1) == .kept(mustRequest: false))
        let directives = side.receive(StreamManagementElement.enabled(.init()).element)
        #expect(try Self.elements(directives) == [.request])
        #expect(side.receive(StreamManagementElement.answer(handled: 1).element) == [])
        #expect(side.unacknowledgedCount == 0)
    }

    @Test("XEP-0198 §4: a request is answered with what was handled since <enabled/>")
    func answering() throws {
        var side = Self.make()
        side.handle()
        _ = side.enable()
        side.handle()
        _ = side.receive(StreamManagementElement.enabled(.init()).element)
        side.handle()
        #expect(
            try Self.elements(side.receive(StreamManagementElement.request.element))
                == [.answer(handled: 1)])
        #expect(side.farewell == StreamManagementElement.answer(handled: 1).element)
    }

    @Test("XEP-0198 §6: a server that refuses is a server without stream management")
    func refusal() {
        var side = Self.make()
        _ = side.enable()
        _ = side.send(1, bytes: 1)
        #expect(
            side.receive(StreamManagementElement.failed(.unexpectedRequest, handled: nil).element)
                == [.refused(.unexpectedRequest)])
        #expect(!side.isActive)
        #expect(side.disconnected() == [])
    }

    @Test("XEP-0198 §5: after a resumption the rest is sent again, and what was sent meanwhile")
    func resuming() throws {
        var side = Self.on()
        for item in 1...3 { _ = side.send(item, bytes: 1) }
        side.handle()
        #expect(side.disconnected() == [])
        #expect(side.canResume)
        _ = side.send(4, bytes: 1)
        side.handle()
        #expect(try Self.elements(side.resume()) == [.resume(token: "t", handled: 1)])
        let directives = side.receive(StreamManagementElement.resumed(token: "t", handled: 2).element)
        #expect(directives.first == .resumed(again: [3, 4]))
        #expect(try Self.elements(directives) == [.request])
        side.handle()
        #expect(
            try Self.elements(side.receive(StreamManagementElement.request.element))
                == [.answer(handled: 2)])
    }

    @Test("A connection that breaks while it resumes changes nothing")
    func brokenAgain() throws {
        var side = Self.on()
        _ = side.send(1, bytes: 1)
        for _ in 0..<3 {
            #expect(side.disconnected() == [])
            #expect(try Self.elements(side.resume()) == [.resume(token: "t", handled: 0)])
        }
    }

    @Test("XEP-0198 §5: a stream that cannot be resumed gives back what was never acknowledged")
    func lost() {
        var side = Self.on()
        for item in 1...3 { _ = side.send(item, bytes: 1) }
        _ = side.disconnected()
        _ = side.resume()
        #expect(
            side.receive(StreamManagementElement.failed(.itemNotFound, handled: nil).element)
                == [.lost([1, 2, 3])])
        #expect(!side.canResume)
        #expect(!side.isActive)
    }

    @Test("XEP-0198 §5: a server that remembers how much it handled spares sending that again")
    func lostInPart() {
        for (handled, left) in [(0, [1, 2, 3]), (2, [3]), (3, []), (9, [1, 2, 3])] as [(UInt32, [Int])] {
            var side = Self.on()
            for item in 1...3 { _ = side.send(item, bytes: 1) }
            _ = side.disconnected()
            _ = side.resume()
            #expect(
                side.receive(StreamManagementElement.failed(.itemNotFound, handled: handled).element)
                    == [.lost(left)])
        }
    }

    @Test("Without a token, or before <enabled/>, a broken connection is the end of the stream")
    func notResumable() {
        var side = Self.on(.init())
        _ = side.send(1, bytes: 1)
        #expect(side.disconnected() == [.lost([1])])
        _ = side.enable()
        _ = side.send(2, bytes: 1)
        #expect(side.disconnected() == [.lost([2])])
        #expect(side.resume() == [])
    }

    @Test(
        "What does not belong closes the stream",
        arguments: [
            StreamManagementElement.enabled(.init()), .resumed(token: "t", handled: 0),
            .failed(.itemNotFound, handled: nil), .enable(isResumable: true, resumptionTime: nil),
            .resume(token: "t", handled: 0), .answer(handled: 1),
        ])
    func outOfPlace(element: StreamManagementElement) {
        var side = Self.on()
        guard case .close = side.receive(element.element).first else {
            Issue.record("\(element) was taken")
            return
        }
    }

    @Test("A resumption of another stream is none")
    func wrongToken() {
        var side = Self.on()
        _ = side.disconnected()
        _ = side.resume()
        let directives = side.receive(StreamManagementElement.resumed(token: "u", handled: 0).element)
        guard case .close = directives.first else {
            Issue.record("\(directives)")
            return
        }
    }

    /// Two machines and a link that loses everything under way whenever it breaks.
    @Test("However often the link breaks, everything arrives once and in order", arguments: 0 as UInt64..<200)
    func exactlyOnce(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var client = Self.on()
        var server = StreamManagement<Int>(limits: .init(stanzas: 1_000, bytes: .max))
        var (toServer, toClient): ([Int], [Int]) = ([], [])
        var (atServer, atClient): ([Int], [Int]) = ([], [])
        for number in 0..<200 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                if client.send(number, bytes: 1) != .full { toServer.append(number) }
            case 1:
                if server.send(number, bytes: 1) != .full { toClient.append(number) }
            case 2 where !toServer.isEmpty:
                atServer.append(toServer.removeFirst())
                server.handle()
            case 3 where !toClient.isEmpty:
                atClient.append(toClient.removeFirst())
                client.handle()
            case 4 where number % 7 == 0:
                (toServer, toClient) = ([], [])
                _ = client.disconnected()
                guard case .resume(_, let handled) = try Self.elements(client.resume()).first else {
                    Issue.record("no resumption")
                    return
                }
                toClient = try server.resume(from: handled)
                let resumed = StreamManagementElement.resumed(token: "t", handled: server.handled)
                guard case .resumed(let again) = client.receive(resumed.element).first else {
                    Issue.record("not resumed")
                    return
                }
                toServer = again
            default: break
            }
        }
        atServer += toServer
        atClient += toClient
        #expect(atServer == atServer.sorted() && Set(atServer).count == atServer.count)
        #expect(atClient == atClient.sorted() && Set(atClient).count == atClient.count)
        #expect(atServer.count == Int(server.handled) + toServer.count)
        #expect(Int(server.sent) == atClient.count)
    }
}
