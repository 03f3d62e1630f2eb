import Cryptography
import Logging
import NIOCore
import Synchronization
import XMPP
import XMPPTransport

/// The sessions of clients, and how they outlive their streams.
extension DomainShell {
    /// Binds a resource and registers the stream under the session it makes; `confirm` tells the client before anything
    /// reaches it.
    func bind(
        _ stream: ClientStream, resource: String, confirm: (SessionOutlet) -> Void
    ) throws(StanzaError) {
        do {
            try self.register(stream, resource: resource, confirm)
        } catch {
            // A client that came back without its old sessions shall not be kept out by them.
            guard error.condition == .resourceConstraint, self.endOldestHibernated(of: stream.account) else {
                throw error
            }
            try self.register(stream, resource: resource, confirm)
        }
    }

    private func register(
        _ stream: ClientStream, resource: String, _ confirm: (SessionOutlet) -> Void
    ) throws(StanzaError) {
        let (session, directives) = try self.withDomain { domain throws(StanzaError) in
            try domain.bind(account: stream.account, resource: resource)
        }
        let outlet = SessionOutlet(session, stream: stream, limits: self.sessionLimits)
        confirm(outlet)
        stream.settled()
        self.clients.withLock { $0[session.id] = outlet }
        self.perform(directives)
    }

    /// Hands a stanza to sessions; what follows if one of them is over by that.
    func deliver(_ stanza: Stanza, to sessions: [SessionID]) -> [DomainEvent] {
        let outlets = self.clients.withLock { clients in sessions.compactMap { clients[$0] } }
        var events: [DomainEvent] = []
        for outlet in outlets {
            events += self.follow(outlet.send(stanza, to: sessions, now: self.now), outlet)
        }
        return events
    }

    /// A client said whether somebody looks at it (XEP-0352).
    func turn(_ outlet: SessionOutlet, isActive: Bool, on stream: ClientStream) {
        self.settleNow(outlet, self.follow(outlet.turn(isActive: isActive, on: stream), outlet))
    }

    /// A client came back for its session; false if there is none any more.
    ///
    /// `taken` is called before anything is sent. The client is told that its session goes on once all it has sent before
    /// has had its effect.
    func resume(
        _ outlet: SessionOutlet, on stream: ClientStream, handled: UInt32, taken: () -> Void
    ) throws(StreamError) -> Bool {
        switch try outlet.beginResumption(on: stream, handled: handled) {
        case .gone: return false
        case .begun(let replaced):
            replaced?.close(StreamError(.conflict, text: "the session goes on over another stream"))
            taken()
            self.afterBacklog(of: outlet.key, mayGiveWay: false) {
                do throws(StreamError) {
                    self.settleNow(outlet, self.follow(try outlet.resume(on: stream), outlet))
                } catch {
                    stream.close(error)
                }
            }
            return true
        }
    }

    private func follow(_ outcome: SessionOutlet.OnSend, _ outlet: SessionOutlet) -> [DomainEvent] {
        switch outcome {
        case .taken: return []
        case .unprintable:
            self.logger.error(
                "A stanza holds what XML cannot carry and was not sent",
                metadata: ["client": "\(outlet.session.address)"])
            return []
        case .overflowed(let rest):
            _ = outlet.close(
                StreamError(.resourceConstraint, text: "too much was sent and not acknowledged"))
            return self.forget(outlet, rest)
        }
    }

    /// Closes the stream of a session, or ends the session if it has none; what follows.
    func close(_ id: SessionID, _ error: StreamError) -> [DomainEvent] {
        guard let outlet = self.clients.withLock({ $0.removeValue(forKey: id) }), !outlet.close(error),
            let rest = outlet.expire()
        else { return [] }
        return self.forget(outlet, rest)
    }

    /// Forgets the outlet of a session that is over; the events that tell the domain.
    private func forget(_ outlet: SessionOutlet, _ rest: [UndeliveredStanza]) -> [DomainEvent] {
        let id = outlet.session.id
        _ = self.clients.withLock { $0.removeValue(forKey: id) }
        return [.sessionEnded(id)] + rest.map(DomainEvent.undelivered)
    }

    // MARK: Hibernation

    /// The stream of a session is over.
    func ended(_ outlet: SessionOutlet, _ stream: ClientStream, isFinal: Bool) {
        switch outlet.ended(stream, isFinal: isFinal) {
        case .goesOn: break
        case .over(let rest): self.end(outlet, rest)
        case .hibernates(let seconds):
            let expiry = stream.eventLoop.scheduleTask(in: .seconds(Int64(seconds))) { self.expire(outlet) }
            outlet.expires(by: expiry)
            let account = outlet.session.address.bare
            while self.hibernated(of: account).count > self.sessionLimits.hibernatedPerAccount,
                self.endOldestHibernated(of: account)
            {}
        }
    }

    /// The session that a client of `account` may resume by `token`.
    func resumable(account: JID, token: String) -> SessionOutlet? {
        self.outlets(of: account).first { $0.isNamed(token) }
    }

    /// Ends the sessions that wait for their clients: nothing will come any more.
    func endHibernated() {
        let outlets = self.clients.withLock { clients in
            clients.sorted { $0.key < $1.key }.map(\.value)
        }
        for outlet in outlets { self.expire(outlet) }
    }

    private func expire(_ outlet: SessionOutlet) {
        guard let rest = outlet.expire() else { return }
        self.logger.debug("Client did not come back", metadata: ["client": "\(outlet.session.address)"])
        self.end(outlet, rest)
    }

    private func end(_ outlet: SessionOutlet, _ rest: [UndeliveredStanza]) {
        self.settleNow(outlet, self.forget(outlet, rest))
    }

    /// Handles what follows for a session, behind what its client sent last.
    private func settleNow(_ outlet: SessionOutlet, _ events: [DomainEvent]) {
        for event in events {
            self.handle(event, from: outlet.key, on: outlet.key, pause: {}, resume: {})
        }
    }

    private func endOldestHibernated(of account: JID) -> Bool {
        guard let oldest = self.hibernated(of: account).first else { return false }
        self.expire(oldest)
        return true
    }

    /// Those that have waited longest come first.
    private func hibernated(of account: JID) -> [SessionOutlet] {
        self.outlets(of: account)
            .compactMap { outlet in outlet.hibernatesSince.map { (since: $0, outlet: outlet) } }
            .sorted { ($0.since, $0.outlet.session.id) < ($1.since, $1.outlet.session.id) }
            .map(\.outlet)
    }

    private func outlets(of account: JID) -> [SessionOutlet] {
        let sessions = self.withDomain { $0.sessions.sessions(of: account) }
        return self.clients.withLock { clients in sessions.compactMap { clients[$0.id] } }
    }
}
