package import CloudModel

/// The alliance as one site sees it: who belongs to it, what each of them says, and who is heard.
///
/// The pure core of the federation: each event is one method that returns what to do next. Time and randomness come
/// in; nothing here sends, stores or waits. A full mesh: our row goes to every member directly; rows of others
/// are relayed to whoever asks.
package struct Alliance: Sendable {
    package struct Configuration: Hashable, Sendable {
        package var membership = Membership.Limits()
        package var rows = RowLimits()
        package var publication = Publication.Timing()
        package var contact = Contact.Timing()
        /// Time between two attempts to deliver an invitation or acceptance.
        package var retryInterval: Duration = .seconds(10)
        /// Least time between two requests for the row of one origin.
        package var fetchInterval: Duration = .seconds(10)
        /// Time between two saves of the rows.
        package var saveInterval: Duration = .seconds(60)
        /// A gap between two events longer than this means that this process or its clock jumped, not that all others
        /// fell silent: every instant is moved along.
        package var stall: Duration = .seconds(5)

        package init() {}
    }

    package let own: SiteID
    package let key: SiteKey
    package let configuration: Configuration
    package private(set) var membership: Membership
    package private(set) var store: RowStore
    let proofs: any RowProofs
    var publication: Publication
    var incarnation: UInt64
    var sequence: UInt64 = 0
    private(set) var ownRow: Row?
    private var schema = ""
    private var contacts: [SiteID: Contact] = [:]
    private var seen: [SiteID: Reachability] = [:]
    private var retries: [SiteID: Instant] = [:]
    private var fetches: [SiteID: Instant] = [:]
    private var nextSave: Instant?
    private var hasUnsavedRows = false
    private var lastEvent: Instant?

    /// `incarnation` must be higher than in any run before; whoever keeps it raises and saves it first.
    package init(
        own: SiteID, key: SiteKey, incarnation: UInt64, proofs: any RowProofs,
        configuration: Configuration = Configuration()
    ) {
        self.own = own
        self.key = key
        self.incarnation = incarnation
        self.proofs = proofs
        self.configuration = configuration
        self.membership = Membership(own: own, limits: configuration.membership)
        self.store = RowStore(proofs: proofs, limits: configuration.rows)
        self.publication = Publication(timing: configuration.publication)
    }

    /// Takes over what was saved before a restart; rows that no longer prove themselves are reported and dropped.
    package mutating func restore(
        members: some Sequence<Member>, rows: some Sequence<Row>, now: Instant
    ) -> [AllianceDirective] {
        self.membership.restore(members)
        var directives: [AllianceDirective] = []
        for site in self.membership.sites(.member) { self.contacts[site] = Contact(now: now) }
        for site in self.membership.sites(.invited) + self.membership.sites(.accepting) {
            self.retries[site] = now
        }
        for row in rows where self.membership.isMember(row.origin) {
            let key = self.membership[site: row.origin]?.pinnedKey
            if let problem = self.store.restore(row, key: key, now: now) {
                directives.append(.report(.badRow(origin: row.origin, neighbour: self.own, problem: problem)))
            }
        }
        return directives
    }

    // MARK: What is known

    package func reachability(of site: SiteID, now: Instant) -> Reachability {
        self.contacts[site]?.reachability(now: now, timing: self.configuration.contact) ?? .unreachable
    }

    package func roundTrip(to site: SiteID) -> RoundTrip { self.contacts[site]?.roundTrip ?? RoundTrip() }

    package func lastHeard(of site: SiteID) -> Instant? { self.contacts[site]?.lastHeard }

    // MARK: An admin decides

    package mutating func invite(
        _ site: SiteID, now: Instant
    ) throws(MembershipError) -> [AllianceDirective] {
        self.follow(try self.membership.invite(site, now: now), now: now)
    }

    package mutating func accept(
        _ site: SiteID, now: Instant
    ) throws(MembershipError) -> [AllianceDirective] {
        self.follow(try self.membership.accept(site, now: now), now: now)
    }

    package mutating func leave(
        _ site: SiteID, now: Instant
    ) throws(MembershipError) -> [AllianceDirective] {
        self.follow(try self.membership.leave(site, now: now), now: now)
    }

    // MARK: Joining and leaving, from others

    package mutating func receiveInvitation(
        from site: SiteID, _ introduction: Introduction, now: Instant
    ) -> Membership.OnIntroduction {
        let outcome = self.membership.receiveInvitation(from: site, introduction, now: now)
        return .init(refusal: outcome.refusal, directives: self.follow(outcome.directives, now: now))
    }

    package mutating func receiveAcceptance(
        from site: SiteID, _ introduction: Introduction, now: Instant
    ) -> Membership.OnIntroduction {
        let outcome = self.membership.receiveAcceptance(from: site, introduction, now: now)
        return .init(refusal: outcome.refusal, directives: self.follow(outcome.directives, now: now))
    }

    package mutating func receiveDeparture(
        from site: SiteID, reason: String?, now: Instant
    ) -> [AllianceDirective] {
        self.follow(self.membership.receiveDeparture(from: site, reason: reason, now: now), now: now)
    }

    /// The answer to `sendInvitation`; a `refusal` is their text, nil if they took note.
    ///
    /// When there was no answer at all, nothing is reported and the retry comes by itself.
    package mutating func invitationAnswered(
        by site: SiteID, refusal: String?, now: Instant
    ) -> [AllianceDirective] {
        self.retries[site] = nil
        guard let refusal else { return [] }
        return self.follow(self.membership.refused(by: site, reason: refusal, now: now), now: now)
    }

    /// The answer to `sendAcceptance`, as for an invitation.
    package mutating func acceptanceAnswered(
        by site: SiteID, refusal: String?, now: Instant
    ) -> [AllianceDirective] {
        self.retries[site] = nil
        let directives =
            if let refusal {
                self.membership.refused(by: site, reason: refusal, now: now)
            } else {
                self.membership.acceptanceConfirmed(by: site, now: now)
            }
        return self.follow(directives, now: now)
    }

    // MARK: Hearing of each other

    /// A member sent something, whatever it was.
    package mutating func heard(_ site: SiteID, now: Instant) -> [AllianceDirective] {
        guard self.membership.isMember(site) else { return [] }
        self.noticeJump(now: now)
        self.contacts[site, default: Contact(now: now)].heard(now: now)
        return self.noteReachability(of: site, now: now)
    }

    package mutating func pingAnswered(
        by site: SiteID, after time: Duration, now: Instant
    ) -> [AllianceDirective] {
        self.noticeJump(now: now)
        self.contacts[site]?.pingAnswered(after: time, now: now)
        return self.noteReachability(of: site, now: now)
    }

    package mutating func pingFailed(_ site: SiteID, now: Instant) -> [AllianceDirective] {
        self.noticeJump(now: now)
        let timing = self.configuration.contact
        self.contacts[site]?.pingFailed(now: now, timing: timing)
        return self.noteReachability(of: site, now: now)
    }

    /// There was no room to send the ping.
    package mutating func pingPutOff(_ site: SiteID, now: Instant) {
        let timing = self.configuration.contact
        self.contacts[site]?.pingPutOff(now: now, timing: timing)
    }

    // MARK: Rows

    /// A row arrived from `neighbour`, which need not be its origin.
    package mutating func receive(
        _ row: Row, from neighbour: SiteID, now: Instant
    ) -> [AllianceDirective] {
        guard self.membership.isMember(neighbour) else { return [] }
        self.noticeJump(now: now)
        if row.origin == self.own { return self.receiveOwn(row, from: neighbour) }
        let key = self.membership.isMember(row.origin) ? self.membership[site: row.origin]?.pinnedKey : nil
        switch self.store.receive(row, key: key, now: now) {
        case .accepted:
            self.hasUnsavedRows = true
            return (row.origin == neighbour ? self.heard(neighbour, now: now) : []) + [.changed(row.origin)]
        case .duplicate:
            return row.origin == neighbour ? self.heard(neighbour, now: now) : []
        case .stale(let held):
            // The owner itself is behind what it once said, so it has lost its state: show it, so that it goes on above.
            return row.origin == neighbour ? [.push(held, to: neighbour)] : []
        case .rejected(.keyChanged) where row.origin == neighbour:
            return self.follow(self.membership.keyChanged(by: neighbour, to: row.key, now: now), now: now)
        case .rejected(let problem):
            let report = AllianceDirective.report(
                .badRow(origin: row.origin, neighbour: neighbour, problem: problem))
            return [report] + self.refetch(row.origin, after: problem, now: now)
        }
    }

    /// The row that answers a member's request; nil if it asks for what is not held, or is no member.
    package func row(of origin: SiteID, for asker: SiteID) -> Row? {
        guard self.membership.isMember(asker) else { return nil }
        return origin == self.own ? self.ownRow : self.store[origin]?.row
    }

    /// Says what our row shall contain from now on; `tick` publishes it.
    ///
    /// A payload beyond `RowLimits.payload` is not published: the caller checks it first.
    /// `isChange` is false for what can wait for the next heartbeat.
    package mutating func describe(
        _ payload: [UInt8], schema: String, isChange: Bool = true
    ) -> [AllianceDirective] {
        guard payload != self.publication.payload else { return [] }
        let wasLarge = (self.publication.payload?.count ?? 0) > self.configuration.rows.payloadTarget
        let isLarge = payload.count > self.configuration.rows.payloadTarget
        self.schema = schema
        self.publication.update(payload, isChange: isChange)
        return isLarge && !wasLarge ? [.report(.ownRowLarge(payload.count))] : []
    }

    // MARK: Time

    /// Does what is due; call it several times a second.
    package mutating func tick(
        now: Instant, using generator: inout some RandomNumberGenerator
    ) -> [AllianceDirective] {
        self.noticeJump(now: now)
        var directives = self.publish(now: now, using: &generator)
        for site in self.membership.sites(.member) {
            directives += self.noteReachability(of: site, now: now)
            var contact = self.contacts[site] ?? Contact(now: now)
            if contact.duePing(now: now, timing: self.configuration.contact, using: &generator) {
                directives.append(.ping(site))
            }
            self.contacts[site] = contact
        }
        directives += self.retry(now: now)
        if self.hasUnsavedRows, now >= self.nextSave ?? now {
            self.hasUnsavedRows = false
            self.nextSave = now.advanced(by: self.configuration.saveInterval)
            directives.append(.saveRows)
        }
        return directives
    }
}

// MARK: Inside

extension Alliance {
    /// Completes the directives of the membership by what else follows from them.
    private mutating func follow(
        _ directives: [AllianceDirective], now: Instant
    ) -> [AllianceDirective] {
        var result: [AllianceDirective] = []
        for directive in directives {
            result.append(directive)
            switch directive {
            case .sendInvitation(let site), .sendAcceptance(let site):
                self.retries[site] = now.advanced(by: self.configuration.retryInterval)
            case .save(let member) where member.standing != .member: self.loseSight(of: member.site)
            case .forget(let site):
                self.loseSight(of: site)
                self.retries[site] = nil
            case .report(.joined(let site)):
                self.contacts[site] = Contact(now: now)
                self.contacts[site]?.heard(now: now)
                if let ownRow { result.append(.push(ownRow, to: site)) }
                if self.membership[site: site]?.role == .agent {
                    result.append(.fetchRow(of: site, from: site))
                }
            case .save, .sendDeparture, .push, .fetchRow, .ping, .saveIncarnation, .saveRows, .changed,
                .report:
                break
            }
        }
        return result
    }

    /// What was known of a site that is no member any more.
    private mutating func loseSight(of site: SiteID) {
        self.store.remove(site)
        self.contacts[site] = nil
        self.seen[site] = nil
        self.fetches[site] = nil
    }

    /// Somebody shows us a row of ours.
    ///
    /// If we signed it in a life we do not remember, we go on above it.
    private mutating func receiveOwn(_ row: Row, from neighbour: SiteID) -> [AllianceDirective] {
        guard row.version > RowVersion(incarnation: self.incarnation, sequence: self.sequence),
            row.version.incarnation < self.configuration.rows.version,
            self.proofs.isSigned(row, by: self.key)
        else { return [] }
        self.incarnation = row.version.incarnation + 1
        self.sequence = 0
        self.publication.repeatSoon()
        return [
            .saveIncarnation(self.incarnation),
            .report(.raisedIncarnation(to: self.incarnation, shownBy: neighbour)),
        ]
    }

    /// A spoilt row is fetched again from its owner, at a bounded rate.
    private mutating func refetch(
        _ origin: SiteID, after problem: RowProblem, now: Instant
    ) -> [AllianceDirective] {
        switch problem {
        case .unknownOrigin, .full, .conflicting: return []
        case .tooLarge, .absurdVersion, .badSignature, .keyChanged, .absurdContent: break
        }
        // A member may name any origin: strangers are not asked, nor remembered.
        guard self.membership.isMember(origin) else { return [] }
        if let last = self.fetches[origin], now < last.advanced(by: self.configuration.fetchInterval) {
            return []
        }
        self.fetches[origin] = now
        return [.fetchRow(of: origin, from: origin)]
    }

    private mutating func publish(
        now: Instant, using generator: inout some RandomNumberGenerator
    ) -> [AllianceDirective] {
        guard let payload = self.publication.due(now: now, using: &generator) else { return [] }
        self.sequence += 1
        let version = RowVersion(incarnation: self.incarnation, sequence: self.sequence)
        let lifetime = self.configuration.publication.lifetime
        let bytes = Row.signedBytes(
            origin: self.own, version: version, lifetime: lifetime, schema: self.schema, payload: payload)
        let row = Row(
            origin: self.own, version: version, lifetime: lifetime, schema: self.schema, payload: payload,
            key: self.key, signature: self.proofs.sign(bytes))
        self.ownRow = row
        return self.membership.sites(.member).map { .push(row, to: $0) }
    }

    private mutating func retry(now: Instant) -> [AllianceDirective] {
        var directives: [AllianceDirective] = []
        for (standing, directive) in [
            (Standing.invited, AllianceDirective.sendInvitation),
            (.accepting, AllianceDirective.sendAcceptance),
        ] {
            for site in self.membership.sites(standing) {
                guard let due = self.retries[site], now >= due else { continue }
                self.retries[site] = now.advanced(by: self.configuration.retryInterval)
                directives.append(directive(site))
            }
        }
        return directives
    }

    private mutating func noteReachability(of site: SiteID, now: Instant) -> [AllianceDirective] {
        guard self.membership.isMember(site) else { return [] }
        let reachability = self.reachability(of: site, now: now)
        let before = self.seen.updateValue(reachability, forKey: site)
        guard reachability != before else { return [] }
        var directives: [AllianceDirective] = [.changed(site), .report(.reachability(site, reachability))]
        if before == .unreachable, reachability == .reachable {
            // It is back: both sides learn what they missed now, not at the next heartbeat.
            if let ownRow { directives.append(.push(ownRow, to: site)) }
            if self.membership[site: site]?.role == .agent {
                directives.append(.fetchRow(of: site, from: site))
            }
        }
        return directives
    }

    private mutating func noticeJump(now: Instant) {
        defer { self.lastEvent = now }
        guard let lastEvent else { return }
        let gap = lastEvent.duration(to: now)
        guard gap < .zero || gap > self.configuration.stall else { return }
        self.store.shiftTimes(by: gap)
        self.publication.shiftTimes(by: gap)
        for site in self.contacts.keys.sorted() { self.contacts[site]?.shiftTimes(by: gap) }
        self.retries = self.retries.mapValues { $0.advanced(by: gap) }
        self.fetches = self.fetches.mapValues { $0.advanced(by: gap) }
        self.nextSave = self.nextSave?.advanced(by: gap)
    }
}
