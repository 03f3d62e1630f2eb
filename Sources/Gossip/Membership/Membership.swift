package import CloudModel

/// Who is allied with this site: double opt-in, with the key pinned when both have agreed.
///
/// Events in, directives out; whoever holds it proves the sender of each event beforehand.
package struct Membership: Hashable, Sendable {
    package struct Limits: Hashable, Sendable {
        /// Sites known in any standing; beyond it those that left without ever having joined are forgotten.
        package var sites = 1_024
        /// Invitations from others that no admin has answered: what strangers can make us remember.
        package var unanswered = 64

        package init() {}
    }

    /// The answer to an introduction and what follows from it.
    package struct OnIntroduction: Hashable, Sendable {
        package let refusal: IntroductionRefusal?
        package let directives: [AllianceDirective]

        package init(refusal: IntroductionRefusal?, directives: [AllianceDirective]) {
            self.refusal = refusal
            self.directives = directives
        }

        static func accepted(_ directives: [AllianceDirective] = []) -> Self {
            Self(refusal: nil, directives: directives)
        }
    }

    package let own: SiteID
    package let limits: Limits
    private var members: [SiteID: Member] = [:]

    package init(own: SiteID, limits: Limits = Limits()) {
        self.own = own
        self.limits = limits
    }

    // MARK: What is known

    package subscript(site site: SiteID) -> Member? { self.members[site] }

    /// All sites in order of their addresses.
    package var all: [Member] { self.members.values.sorted { $0.site < $1.site } }

    /// The sites in that standing, in order of their addresses.
    package func sites(_ standing: Standing) -> [SiteID] {
        self.members.values.filter { $0.standing == standing }.map(\.site).sorted()
    }

    package func isMember(_ site: SiteID) -> Bool { self.members[site]?.standing == .member }

    /// Takes over what was saved, as far as the limit allows.
    package mutating func restore(_ members: some Sequence<Member>) {
        for member in members where member.site != self.own && self.members.count < self.limits.sites {
            self.members[member.site] = member
        }
    }

    // MARK: An admin decides

    package mutating func invite(
        _ site: SiteID, now: Instant
    ) throws(MembershipError) -> [AllianceDirective] {
        guard site != self.own else { throw .ownSite(site) }
        switch self.members[site]?.standing {
        case nil, .left:
            guard let evicted = self.makeRoom(for: site) else { throw .full(limit: self.limits.sites) }
            return evicted + self.move(site, to: .invited, now: now) { $0.pinnedKey = nil }
                + [.sendInvitation(site)]
        case .invited, .member:
            // Asking again helps a site that lost what it knew.
            return [.sendInvitation(site)]
        case .invitedBy, .accepting, .quarantined:
            return try self.accept(site, now: now)
        }
    }

    package mutating func accept(
        _ site: SiteID, now: Instant
    ) throws(MembershipError) -> [AllianceDirective] {
        guard site != self.own else { throw .ownSite(site) }
        switch self.members[site]?.standing {
        case nil: throw .unknown(site)
        case .left: throw .notInvited(site)
        case .invited: throw .awaitingThem(site)
        case .member: throw .alreadyMember(site)
        case .accepting: return [.sendAcceptance(site)]
        case .invitedBy, .quarantined:
            return self.move(site, to: .accepting, now: now) { member in
                member.pinnedKey = member.offeredKey ?? member.pinnedKey
                member.offeredKey = nil
            } + [.sendAcceptance(site)]
        }
    }

    package mutating func leave(
        _ site: SiteID, now: Instant
    ) throws(MembershipError) -> [AllianceDirective] {
        guard site != self.own else { throw .ownSite(site) }
        switch self.members[site]?.standing {
        case nil: throw .unknown(site)
        case .left: return []
        case .invited, .invitedBy, .accepting, .member, .quarantined:
            return self.end(site, reason: "this site left", now: now) + [.sendDeparture(site)]
        }
    }

    // MARK: A site says

    package mutating func receiveInvitation(
        from site: SiteID, _ introduction: Introduction, now: Instant
    ) -> OnIntroduction {
        switch self.members[site]?.standing {
        case nil, .left, .invitedBy:
            return self.note(invitationFrom: site, introduction, now: now)
        case .invited:
            // Both have asked: that is both opt-ins.
            return .accepted(self.join(site, introduction, now: now))
        case .accepting, .member:
            guard self.members[site]?.pinnedKey == introduction.key else {
                return self.quarantine(site, introduction, now: now)
            }
            // They ask although we have agreed, so they do not know it (any more).
            return .accepted([.sendAcceptance(site)])
        case .quarantined:
            return self.quarantine(site, introduction, now: now)
        }
    }

    package mutating func receiveAcceptance(
        from site: SiteID, _ introduction: Introduction, now: Instant
    ) -> OnIntroduction {
        switch self.members[site]?.standing {
        case nil, .left, .invitedBy:
            return OnIntroduction(refusal: .notInvited, directives: [])
        case .invited:
            return .accepted(self.join(site, introduction, now: now))
        case .accepting, .member:
            guard self.members[site]?.pinnedKey == introduction.key else {
                return self.quarantine(site, introduction, now: now)
            }
            return .accepted(self.isMember(site) ? [] : self.join(site, introduction, now: now))
        case .quarantined:
            return self.quarantine(site, introduction, now: now)
        }
    }

    package mutating func receiveDeparture(
        from site: SiteID, reason: String?, now: Instant
    ) -> [AllianceDirective] {
        switch self.members[site]?.standing {
        // Who shows another key is not believed, not even that it leaves: it could then ask to be let in as a stranger.
        case nil, .left, .quarantined: []
        case .invitedBy where self.members[site]?.hasJoined == false:
            // A stranger takes its invitation back: nothing of it is worth remembering.
            self.forget(site) + [.report(.departed(site, reason: reason))]
        case .invited, .invitedBy, .accepting, .member:
            self.end(site, reason: reason.map { "it left: \($0)" } ?? "it left", now: now)
                + [.report(.departed(site, reason: reason))]
        }
    }

    /// They confirmed our acceptance.
    package mutating func acceptanceConfirmed(by site: SiteID, now: Instant) -> [AllianceDirective] {
        guard self.members[site]?.standing == .accepting else { return [] }
        return self.move(site, to: .member, now: now) { $0.reason = nil } + [.report(.joined(site))]
    }

    /// They refused our acceptance or invitation; the reason is shown until an admin tries again.
    package mutating func refused(by site: SiteID, reason: String, now: Instant) -> [AllianceDirective] {
        switch self.members[site]?.standing {
        case .accepting:
            self.end(site, reason: "it refused: \(reason)", now: now)
        case .invited:
            self.move(site, to: .invited, now: now) { $0.reason = "it refused: \(reason)" }
        case nil, .left, .invitedBy, .member, .quarantined:
            []
        }
    }

    /// A row that its owner itself sent proves another key than the pinned one.
    package mutating func keyChanged(
        by site: SiteID, to key: SiteKey, now: Instant
    ) -> [AllianceDirective] {
        guard let member = self.members[site], member.standing == .member else { return [] }
        let introduction = Introduction(
            name: member.name ?? site.address, role: member.role ?? .agent, key: key)
        return self.quarantine(site, introduction, now: now).directives
    }

    // MARK: Transitions

    private mutating func note(
        invitationFrom site: SiteID, _ introduction: Introduction, now: Instant
    ) -> OnIntroduction {
        let isNew = self.members[site]?.standing != .invitedBy
        guard site != self.own, !isNew || self.sites(.invitedBy).count < self.limits.unanswered,
            let evicted = self.makeRoom(for: site)
        else { return OnIntroduction(refusal: .full, directives: []) }
        let directives =
            evicted
            + self.move(site, to: .invitedBy, now: now) { member in
                member.role = introduction.role
                member.name = introduction.name
                member.pinnedKey = nil
                member.offeredKey = introduction.key
                member.reason = introduction.note.map { "it says: \($0)" }
            }
        return .accepted(directives + (isNew ? [.report(.invitedBy(site))] : []))
    }

    private mutating func join(
        _ site: SiteID, _ introduction: Introduction, now: Instant
    ) -> [AllianceDirective] {
        self.move(site, to: .member, now: now) { member in
            member.role = introduction.role
            member.name = introduction.name
            member.pinnedKey = introduction.key
            member.offeredKey = nil
        } + [.report(.joined(site))]
    }

    private mutating func quarantine(
        _ site: SiteID, _ introduction: Introduction, now: Instant
    ) -> OnIntroduction {
        let isNews = self.members[site]?.offeredKey != introduction.key
        let directives = self.move(site, to: .quarantined, now: now) { member in
            member.offeredKey = introduction.key
            member.reason = "it shows another key than the one that was accepted"
        }
        let report = isNews ? [AllianceDirective.report(.keyChanged(site, offered: introduction.key))] : []
        return OnIntroduction(refusal: .keyChanged, directives: directives + report)
    }

    private mutating func end(_ site: SiteID, reason: String, now: Instant) -> [AllianceDirective] {
        self.move(site, to: .left, now: now) { member in
            member.pinnedKey = nil
            member.offeredKey = nil
            member.reason = reason
        }
    }

    private mutating func forget(_ site: SiteID) -> [AllianceDirective] {
        self.members[site] = nil
        return [.forget(site), .changed(site)]
    }

    /// Makes room for `site` if it is not known yet: forgets the one that left longest ago; nil if there is none.
    ///
    /// One that had joined is never forgotten so: what was granted to it would count again.
    private mutating func makeRoom(for site: SiteID) -> [AllianceDirective]? {
        guard self.members[site] == nil, self.members.count >= self.limits.sites else { return [] }
        return self.members.values.filter { $0.standing == .left && !$0.hasJoined }
            .min { ($0.since, $0.site) < ($1.since, $1.site) }
            .map { self.forget($0.site) }
    }

    /// Saves and announces the change; nothing if nothing changed.
    private mutating func move(
        _ site: SiteID, to standing: Standing, now: Instant, _ change: (inout Member) -> Void
    ) -> [AllianceDirective] {
        let before = self.members[site]
        var member = before ?? Member(site: site, standing: standing, since: now)
        if member.standing != standing {
            member.standing = standing
            member.hasJoined = member.hasJoined || standing == .member
            member.since = now
            member.reason = nil
        }
        change(&member)
        guard member != before else { return [] }
        self.members[site] = member
        return [.save(member), .changed(site)]
    }
}
