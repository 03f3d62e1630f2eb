import CloudModel
import Logging
import Operations
import Storage
import Synchronization
import TestSupport
import XML
import XMPP
import XMPPTransport

@testable import Participant

/// What the faces of a process stand on, with a link that only notes what is sent.
final class FaceBench: Sendable {
    /// Notes what is sent over it; clients say what they support, if that is known, and nothing else.
    private struct NotingLink: XMPPLink {
        let address: JID
        let bench: FaceBench

        func send(_ stanza: Stanza) async throws {
            switch stanza {
            case .message(let message): self.bench.sent.record(message)
            case .presence(let presence): self.bench.presences.record(presence)
            case .iq: return
            }
        }

        func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
            if iq.to?.local == nil, let domain = iq.to?.domain {
                return iq.reply(.result(FaceBench.info(ofService: domain).element))
            }
            guard let features = self.bench.features.withLock({ $0 }) else {
                throw StanzaError(.remoteServerTimeout)
            }
            return iq.reply(.result(DiscoInfo(features: features).element))
        }
    }

    /// Lets whoever waits pass once for each `open()`.
    final class Gate: Sendable {
        private let passes: AsyncStream<Void>
        private let pass: AsyncStream<Void>.Continuation
        let arrivals = Recorder<String>()

        init() {
            (self.passes, self.pass) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(100))
        }

        func open() { self.pass.yield() }

        func wait(_ who: String) async {
            self.arrivals.record(who)
            for await _ in self.passes { return }
        }
    }

    static let site = JID(preparedLocal: nil, domain: "paris.test", resource: nil)
    static let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: "phone")
    static let bob = JID(preparedLocal: "bob", domain: "paris.test", resource: "desk")

    let sent = Recorder<Message>()
    let presences = Recorder<Presence>()
    /// What every client answers to service discovery; nil for no answer.
    let features = Mutex<[String]?>(nil)
    /// What was performed: operation and caller.
    let performed = Recorder<String>()
    /// Where `host.list` waits, and only that.
    let gate = Gate()
    private let time = Mutex(Instant(millisecondsSinceEpoch: 1_795_352_300_000))

    var now: Instant { self.time.withLock { $0 } }

    func advance(by duration: Duration) {
        self.time.withLock { $0 = $0.advanced(by: duration) }
    }

    /// Alice may do all there is, Bob may list and delete machines of his own.
    var table: OperationTable {
        let book = GrantBook(grants: [
            Grant(subject: .address("alice@paris.test"), permissions: .all, scope: .site),
            Grant(subject: .address("bob@paris.test"), permissions: .noun("machine"), scope: .own),
        ])
        var table = OperationTable(
            site: SiteID("paris.test"), grants: { () async throws(OperationError) -> GrantBook in book })
        for name in ["machine.list", "machine.start", "machine.delete", "host.list", "version"] {
            table.register(name) { (invocation, progress) async throws(OperationError) -> OperationResult in
                try await self.perform(invocation, progress)
            }
        }
        return table
    }

    private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private func perform(
        _ invocation: Invocation, _ progress: ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let site = SiteID("paris.test")
        if invocation.operation == "host.list" { await self.gate.wait(invocation.caller.address) }
        if invocation.operation == "machine.start" {
            for (step, pause) in [0, 1, 1, 1].enumerated() {
                self.advance(by: .seconds(pause))
                await progress(Progress(site: site, text: "step", step: step, of: 4))
            }
        }
        self.performed.record("\(invocation.operation) by \(invocation.caller.address)")
        if invocation["machine"]?.string == "none" {
            throw OperationError(.notFound, "there is no machine none", next: "see: machine list")
        }
        return OperationResult(site: site, message: "\(invocation.operation) is done")
    }

    /// What a domain says it is: only those that are called rooms have any.
    static func info(ofService domain: String) -> DiscoInfo {
        guard domain.contains("rooms") else {
            return DiscoInfo(identities: [.init(category: "server", type: "im")], features: [Namespace.rooms])
        }
        return DiscoInfo(
            identities: [.init(category: "conference", type: "text")], features: [Namespace.rooms])
    }

    /// Runs a chat face while `body` talks to it.
    func chat(_ body: (ChatFace) async throws -> Void) async throws {
        let link = NotingLink(address: Self.site, bench: self)
        let rooms = try await RoomKeeper(
            link: link, trusted: ["rooms.example"], store: VisitStore(database: try Database()),
            now: { self.now }, logger: Self.quiet)
        var table = self.table
        table.registerRooms(rooms)
        let face = ChatFace(
            table: table, link: link, rooms: rooms, now: { self.now }, logger: Self.quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await face.run() }
            try await body(face)
            group.cancelAll()
        }
    }

    static func line(
        _ text: String, from sender: JID = alice, kind: Message.Kind = .chat, more: [Element] = []
    ) -> Message {
        var message = Message(to: Self.site, from: sender, id: "m1", kind: kind, body: text)
        message.payloads += more
        return message
    }
}
