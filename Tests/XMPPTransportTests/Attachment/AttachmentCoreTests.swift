import NIOCore
import TestRandomness
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("An attached link whose connection is cut")
struct AttachmentCoreTests {
    /// Both ends and what lies between them: bytes that arrive in order, until the connection is cut.
    private struct World {
        enum Kind: CaseIterable {
            /// A component: marks.
            case marks
            /// A client of a server that remembers the stream.
            case resumable
            /// A client of a server that forgets it now and then.
            case forgetful
        }

        let kind: Kind
        var random: SeededGenerator
        var core: AttachmentCore
        var now = NIODeadline.uptimeNanoseconds(1)
        /// Units on their way, each with the bytes of it that are still to arrive.
        var toServer: [(unit: String, left: Int)] = []
        var toClient: [(unit: String, left: Int)] = []
        var served: StreamManagement<String>?
        var isUp = false

        var asked: [String] = []
        var answered: Set<String> = []
        /// What the receiver has performed, by the key that makes a repetition harmless.
        var performed: Set<String> = []
        var said: [String] = []
        var heard: [String] = []

        static let peer = JID(preparedLocal: nil, domain: "tokyo.test", resource: nil)
        static let own = JID(preparedLocal: "paris", domain: "a.test", resource: "tradewind")

        init(_ kind: Kind, seed: UInt64) {
            self.kind = kind
            self.random = SeededGenerator(seed: seed)
            var limits = AttachmentLimits(bytesPerSecond: 2_000, burstBytes: 500)
            limits.flightStanzas = 8
            self.core = AttachmentCore(
                contentNamespace: Namespace.client, limits: limits, markRoute: (nil, Self.own), now: self.now)
        }

        // MARK: The client's side

        mutating func ask() throws {
            let id = "c\(self.asked.count)"
            self.asked.append(id)
            try self.core.offer(
                Array("<iq id='\(id)'/>".utf8), .command, request: .init(id: id, peer: Self.peer))
        }

        mutating func say() throws {
            let text = "m\(self.said.count)"
            self.said.append(text)
            try self.core.offer(Array("<message id='\(text)'/>".utf8), .command)
        }

        mutating func write(_ units: [[UInt8]]) {
            for unit in units where self.isUp {
                self.toServer.append((String(decoding: unit, as: UTF8.self), unit.count))
            }
        }

        mutating func connect() {
            self.isUp = true
            guard self.kind != .marks else {
                self.write(self.core.ready(offersManagement: false, greeting: [], at: self.now))
                return
            }
            if let resume = self.core.authenticated(offersManagement: true) {
                #expect(resume.name == "resume")
                self.write([Array("resume \(resume[attribute: "h"] ?? "")".utf8)])
            } else {
                self.bind()
            }
        }

        mutating func bind() {
            let presence = Array("<presence/>".utf8)
            self.write(self.core.ready(offersManagement: true, greeting: [presence], at: self.now))
        }

        mutating func cut() {
            self.isUp = false
            (self.toServer, self.toClient) = ([], [])
            self.core.disconnected()
            if self.kind == .forgetful, Bool.random(using: &self.random) { self.served = nil }
        }

        mutating func received(_ unit: String) {
            self.core.heard(at: self.now)
            if unit.hasPrefix("answer ") {
                let id = String(unit.dropFirst(7))
                self.core.handled()
                self.core.forget(.init(id: id, peer: Self.peer))
                self.answered.insert(id)
            } else if unit.hasPrefix("mark-") {
                _ = self.core.returned(markID: unit, at: self.now)
            } else {
                self.manage(unit)
            }
        }

        private mutating func manage(_ unit: String) {
            let element: Element
            do {
                element = try Element(parsing: Array(unit.utf8))
            } catch {
                Issue.record("\(unit) is no XML: \(error)")
                return
            }
            for consequence in self.core.received(management: element, at: self.now) {
                switch consequence {
                case .write(let bytes): self.write([bytes])
                case .resumed: break
                case .bind: self.bind()
                case .close(let error): Issue.record("the client closes: \(error)")
                }
            }
        }

        // MARK: The server's side

        mutating func answer(_ unit: String) {
            self.toClient.append((unit, unit.utf8.count))
        }

        private mutating func print(_ element: StreamManagementElement) throws {
            self.answer(String(decoding: try element.element.serialized(), as: UTF8.self))
        }

        mutating func serve(_ unit: String) throws {
            if unit.hasPrefix("<enable") {
                self.served = StreamManagement(limits: .init(stanzas: .max, bytes: .max))
                try self.print(.enabled(.init(token: "t")))
            } else if unit.hasPrefix("resume "), var served = self.served {
                let again = try served.resume(from: UInt32(unit.dropFirst(7)) ?? 0)
                self.served = served
                try self.print(.resumed(token: "t", handled: served.handled))
                for unit in again { self.answer(unit) }
            } else if unit.hasPrefix("resume ") {
                try self.print(.failed(.itemNotFound, handled: nil))
            } else if unit.hasPrefix("<r ") || unit.hasPrefix("<r/") {
                try self.print(.answer(handled: self.served?.handled ?? 0))
            } else if let mark = unit.firstMatch(of: /mark-\d+/) {
                self.answer(String(mark.0))
            } else if unit.hasPrefix("<a ") {
                return
            } else {
                self.served?.handle()
                guard let id = unit.firstMatch(of: /id='(\w+)'/)?.1 else { return }
                if id.hasPrefix("m") {
                    self.heard.append(String(id))
                } else {
                    self.performed.insert(String(id))
                    let answer = "answer \(id)"
                    _ = self.served?.send(answer, bytes: answer.utf8.count)
                    self.answer(answer)
                }
            }
        }

        // MARK: The wire

        var isQuiet: Bool {
            self.isUp && self.core.isUp && self.toServer.isEmpty && self.toClient.isEmpty
                && self.core.waitingCount == 0 && self.core.flightCount == 0
                && self.answered.count == self.asked.count
        }

        mutating func release() {
            self.write(self.core.release(at: self.now).bytes)
        }

        /// Lets up to `bytes` arrive on each side.
        mutating func carry(_ bytes: Int) throws {
            var budget = bytes
            while budget > 0, let first = self.toServer.first {
                guard first.left <= budget else {
                    self.toServer[0].left -= budget
                    break
                }
                budget -= first.left
                self.toServer.removeFirst()
                try self.serve(first.unit)
            }
            budget = bytes
            while budget > 0, let first = self.toClient.first {
                guard first.left <= budget else {
                    self.toClient[0].left -= budget
                    break
                }
                budget -= first.left
                self.toClient.removeFirst()
                self.received(first.unit)
            }
        }
    }

    private static func run(_ kind: World.Kind, seed: UInt64) throws -> World {
        var world = World(kind, seed: seed)
        for _ in 0..<400 {
            world.now = world.now + .milliseconds(Int64.random(in: 0...40, using: &world.random))
            switch Int.random(in: 0..<12, using: &world.random) {
            case 0, 1: try world.ask()
            case 2: try world.say()
            case 3: try world.core.offer(Array("<row/>".utf8), .row(name: "r"))
            case 4 where !world.isUp, 5 where !world.isUp: world.connect()
            case 4 where Int.random(in: 0..<3, using: &world.random) == 0: world.cut()
            default: break
            }
            world.release()
            try world.carry(Int.random(in: 0...60, using: &world.random))
        }
        // Calm: nothing is cut any more, and everything must come to its end.
        for _ in 0..<3_000 where !world.isQuiet {
            world.now = world.now + .milliseconds(20)
            if !world.isUp { world.connect() }
            world.release()
            try world.carry(200)
        }
        return world
    }

    @Test(
        "XEP-0198 §5, XEP-0114: no command is lost and none is performed twice, wherever the bytes end",
        arguments: 0 as UInt64..<200)
    func cutAnywhere(seed: UInt64) throws {
        for kind in World.Kind.allCases {
            let world = try Self.run(kind, seed: seed)
            #expect(world.performed == Set(world.asked), "\(kind)")
            #expect(world.answered == Set(world.asked), "\(kind)")
            #expect(Set(world.heard) == Set(world.said), "\(kind)")
            #expect(world.core.waitingCount == 0 && world.core.flightCount == 0, "\(kind)")
            if kind == .resumable {
                #expect(
                    world.heard == world.said, "a stream that goes on repeats nothing and keeps the order")
            }
        }
    }

    @Test("Commands go before rows on a slow link, and the pace is kept")
    func pace() throws {
        var core = AttachmentCore(
            contentNamespace: Namespace.component,
            limits: AttachmentLimits(bytesPerSecond: 1_000, burstBytes: 1_000),
            markRoute: (nil, World.own), now: .uptimeNanoseconds(1))
        var now = NIODeadline.uptimeNanoseconds(1)
        _ = core.ready(offersManagement: false, greeting: [], at: now)
        for index in 0..<50 {
            try core.offer([UInt8](repeating: 0x72, count: 900), .row(name: "\(index)"))
        }
        #expect(core.release(at: now).bytes.first?.first == 0x72)
        try core.offer(Array("command".utf8), .command)
        var units: [String] = []
        for _ in 0..<4 {
            let release = core.release(at: now)
            units += release.bytes.map { String(decoding: $0, as: UTF8.self) }
            now = try #require(release.askAgain)
        }
        let command = try #require(units.firstIndex(of: "command"))
        #expect(!units[..<command].contains { $0.hasPrefix("r") }, "no row goes before it")
        #expect(units.count { $0.hasPrefix("r") } <= 3, "the pace is kept")
    }

    @Test("A server that gives no sign of life is given up after the time for it")
    func silence() throws {
        var core = AttachmentCore(
            contentNamespace: Namespace.component, limits: .component, markRoute: (nil, World.own),
            now: .uptimeNanoseconds(1))
        var now = NIODeadline.uptimeNanoseconds(1)
        _ = core.ready(offersManagement: false, greeting: [], at: now)
        #expect(core.check(at: now) == [])
        now = now + .seconds(60)
        #expect(core.check(at: now)?.isEmpty == false)
        now = now + .seconds(29)
        #expect(core.check(at: now) == [])
        now = now + .seconds(2)
        #expect(core.check(at: now) == nil)
    }

    @Test("What asks about this moment is refused while there is no connection")
    func probes() throws {
        var core = AttachmentCore(
            contentNamespace: Namespace.client, limits: .client, markRoute: (nil, World.own),
            now: .uptimeNanoseconds(1))
        let error = #expect(throws: StanzaError.self) { try core.offer([1], .probe) }
        #expect(error?.condition == .remoteServerTimeout)
        try core.offer([1], .command)
    }
}
