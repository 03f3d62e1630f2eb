package import CloudModel
import Federation
import Gossip
import Synchronization
import XML
package import XMPP

/// What the roles ask of the alliance.
extension FederationService {
    /// Least difference in load that is worth a publication of its own, as a share of the processors.
    private static let loadStep = 0.05

    /// Says what our row shall contain; it is published at once if something of weight changed, else with the heartbeat.
    ///
    /// Call it as often as you like: only here is decided what weighs enough. What was measured to other sites is added.
    /// Throws if the description holds what cannot be written or is larger than a row.
    package func publish(_ description: SiteDescription) async throws {
        let payload = try self.payload(for: description)
        let limit = self.configuration.alliance.rows.payload
        guard payload.count <= limit else {
            throw PayloadError(
                "the description of \(self.site) has \(payload.count) bytes, a row holds \(limit)")
        }
        let directives = self.state.withLock { state in
            let isChange = Self.isWorthPublishing(description, after: state.described)
            if isChange { state.described = description }
            return state.alliance.describe(payload, schema: SiteDescription.schema, isChange: isChange)
        }
        await self.carryOut(directives)
    }

    /// The row's payload: the description, and as many of the round trips as keep the row small.
    private func payload(for description: SiteDescription) throws -> [UInt8] {
        var told = description
        told.roundTrips = self.state.withLock { $0.alliance.roundTrips(atMost: WireLimits.roundTrips) }.map {
            // To a tenth of a millisecond, and never nothing.
            let tenths = max(1, ($0.time / .microseconds(100)).rounded())
            return MeasuredPath(to: $0.site, milliseconds: tenths / 10)
        }
        var payload = try told.element.serialized()
        while payload.count > self.configuration.alliance.rows.payloadTarget, told.roundTrips.popLast() != nil
        {
            payload = try told.element.serialized()
        }
        return payload
    }

    /// All sites that are known, in order of their addresses.
    package func sites() -> [KnownSite] {
        let now = self.now()
        return self.state.withLock { state in
            state.alliance.membership.all.map { Self.known($0, in: &state, now: now) }
        }
    }

    /// Sites whose grants do not count now, for a `GrantBook`: those that are no members, unless an admin of this site
    /// has asked them to become one.
    package var suspensions: [String: GrantBook.Suspension] {
        self.state.withLock { state in
            let membership = state.alliance.membership
            var suspensions: [String: GrantBook.Suspension] = [:]
            for site in membership.sites(.quarantined) { suspensions[site.address] = .quarantined }
            // Whoever left can invite anew without anybody here agreeing to it.
            for site in membership.sites(.left) + membership.sites(.invitedBy) {
                suspensions[site.address] = .notAllied
            }
            return suspensions
        }
    }

    package func knownSite(_ site: SiteID) -> KnownSite? {
        let now = self.now()
        return self.state.withLock { state in
            state.alliance.membership[site: site].map { Self.known($0, in: &state, now: now) }
        }
    }

    /// The sites of which something is different now; read `sites()` on each.
    ///
    /// A slow reader loses the oldest changes, never the knowledge that there was one.
    package func changes() -> AsyncStream<SiteID> {
        let (stream, continuation) = AsyncStream<SiteID>.makeStream(
            bufferingPolicy: .bufferingNewest(self.configuration.unreadChanges))
        let number = self.state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.watchers.removeValue(forKey: number) }
        }
        return stream
    }

    // MARK: Joining

    /// Invites a site; an admin there accepts.
    ///
    /// `note` is a line for that admin.
    package func invite(_ site: SiteID, note: String? = nil) async throws {
        self.state.withLock { $0.notes[site] = note }
        try await self.act { try $0.invite(site, now: $1) }
    }

    /// Accepts a site's invitation, or the new key of a site that is quarantined.
    package func accept(_ site: SiteID) async throws {
        try await self.act { try $0.accept(site, now: $1) }
    }

    /// Ends the alliance with a site; nothing that runs is touched.
    package func leave(_ site: SiteID) async throws {
        try await self.act { try $0.leave(site, now: $1) }
        self.state.withLock { state in
            state.notes[site] = nil
            state.descriptions[site] = nil
        }
    }

    // MARK: Talking

    /// Sends a request to a member and reads its answer.
    ///
    /// Throws the peer's `StanzaError` (`Refusal(in:)` reads what a site adds to it), `remote-server-timeout` when there
    /// was no answer, and `PayloadError` when there was a strange one. After a time-out the peer may have acted.
    package func request<Request: Payload, Answer: Payload>(
        _ request: Request, to site: SiteID, timeout: Duration
    ) async throws -> Answer {
        guard self.state.withLock({ $0.alliance.membership.isMember(site) }) else {
            throw self.notAllied(with: site)
        }
        let answer = try await self.ask(
            request.element, isQuery: request is any QueryPayload, of: site, timeout: timeout)
        await self.act { $0.heard(site, now: $1) }
        guard let answer else {
            throw PayloadError("\(site) answered \(Request.elementName) with nothing")
        }
        return try Answer(parsing: answer)
    }

    /// Sends a payload to a member in a message, without an answer.
    package func push(_ payload: some Payload, to site: SiteID) async {
        await self.push(payload, kind: .normal, to: site)
    }

    // MARK: Inside

    private static func known(_ member: Member, in state: inout State, now: Instant) -> KnownSite {
        let entry = state.alliance.store[member.site]
        let roundTrip = state.alliance.roundTrip(to: member.site)
        return KnownSite(
            id: member.site, standing: member.standing, role: member.role,
            name: member.name ?? member.site.address,
            reachability: state.alliance.reachability(of: member.site, now: now),
            description: entry.flatMap { self.description($0.row, in: &state) }, received: entry?.received,
            isCurrent: entry.map { now < $0.expires } ?? false,
            lastHeard: state.alliance.lastHeard(of: member.site), roundTrip: roundTrip.smoothed,
            leastRoundTrip: roundTrip.least, reason: member.reason, key: member.offeredKey ?? member.pinnedKey
        )
    }

    /// The description in `row`, read once per version.
    private static func description(_ row: Row, in state: inout State) -> SiteDescription? {
        if let known = state.descriptions[row.origin], known.row == row { return known.value }
        guard row.schema == SiteDescription.schema,
            case .success(let value) = Ed25519Proofs.description(in: row)
        else { return nil }
        state.descriptions[row.origin] = (row, value)
        return value
    }

    private static func isWorthPublishing(
        _ description: SiteDescription, after before: SiteDescription?
    ) -> Bool {
        guard let before else { return true }
        guard abs(description.capacity.load - before.capacity.load) < self.loadStep else { return true }
        var same = description
        same.reported = before.reported
        same.capacity.load = before.capacity.load
        // It also counts what changes nothing that others plan with.
        same.capacity.generation = before.capacity.generation
        // Figures for people, and for how long it has been hot; that it is, or no longer is, is news.
        same.capacity.usage = before.capacity.usage
        if same.capacity.heat != nil, before.capacity.heat != nil {
            same.capacity.heat = before.capacity.heat
        }
        return same != before
    }
}
