import CloudModel
import Logging
import Storage
import Synchronization
import TestSupport
import XMPP
import XMPPTransport

@testable import Participant

/// What a site tells by its feeds, and who has which grant there.
final class FeedBench: XMPPLink {
    let address = JID(preparedLocal: nil, domain: "paris.test", resource: nil)
    let told = Recorder<Message>()
    /// How far the grants of people reach, by their bare addresses.
    let scopes: Mutex<[String: Grant.Scope]>
    private let database: Database

    init(_ scopes: [String: Grant.Scope]) throws {
        self.database = try Database()
        self.scopes = Mutex(scopes)
    }

    func send(_ stanza: Stanza) async throws {
        if case .message(let message) = stanza { self.told.record(message) }
    }

    func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
        throw StanzaError(.remoteServerTimeout)
    }

    /// Those of a process; each call begins one anew, with what the last one has kept.
    func feeds(_ nodes: [FeedNode]) async throws -> SiteFeeds {
        try await SiteFeeds(
            at: self.address, feeds: nodes, store: PubSubStore(database: self.database), link: self,
            mayListen: { address, feed, owner in
                let person = address.bare.description
                let scope = self.scopes.withLock { $0[person] }
                guard feed == .workloads else { return scope == .site }
                return scope == .site || (scope == .own && (owner == nil || owner == person))
            }, now: { Instant(millisecondsSinceEpoch: 1_795_348_800_000) },
            logger: Logger(label: "feed", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
}
