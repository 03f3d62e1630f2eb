import CloudModel
import Gossip
import TestRandomness

/// Alliances joined by a network in memory, in virtual time, with faults drawn from one seed.
struct Network {
    struct Faults {
        /// In percent of the messages.
        var loss = 0
        var repetition = 0
        var forgery = 0
        /// Longest delay, in steps of half a second.
        var delay = 0

        static let none = Self()
        static let harsh = Self(loss: 25, repetition: 20, forgery: 25, delay: 6)
    }

    private enum Content {
        case invitation
        case acceptance
        case departure
        case row(Row)
        case rowRequest(SiteID)
        case ping(sent: Int)
        case pong(sent: Int)
        case invitationNoted
        case acceptanceConfirmed
    }

    private struct Parcel {
        let from: SiteID
        let to: SiteID
        let content: Content
        let arrives: Int
    }

    var faults = Faults.none
    /// Nothing gets to or from this site.
    var isolated: SiteID?
    /// How far each site's clock is from the network's.
    var offsets: [SiteID: Duration] = [:]
    private(set) var reports: [AllianceReport] = []
    private(set) var pushed = 0
    private(set) var pinged = 0
    private(set) var fetched = 0
    private(set) var introduced = 0
    private(set) var lost = 0
    private(set) var repeated = 0
    private(set) var forged = 0
    private var alliances: [SiteID: Alliance] = [:]
    private var keys: [SiteID: SiteKey] = [:]
    private var saved: [SiteID: [SiteID: Member]] = [:]
    private let sites: [SiteID]
    private var parcels: [Parcel] = []
    private var generator: SeededGenerator
    private var step = 0

    init(sites: [SiteID], seed: UInt64) {
        self.sites = sites
        self.generator = SeededGenerator(seed: seed)
        for site in sites { self.start(site, incarnation: 1) }
    }

    // MARK: What a test sees

    func row(of origin: SiteID, at reader: SiteID) -> Row? { self.alliances[reader]?.store[origin]?.row }

    func payload(of origin: SiteID) -> [UInt8]? {
        self.alliances[origin]?.row(of: origin, for: self.other(origin))?.payload
    }

    func standing(of site: SiteID, at reader: SiteID) -> Standing? {
        self.alliances[reader]?.membership[site: site]?.standing
    }

    func reachability(of site: SiteID, at reader: SiteID) -> Reachability? {
        self.alliances[reader]?.reachability(of: site, now: self.now(reader))
    }

    mutating func resetCounters() {
        self.reports = []
        (self.pushed, self.pinged, self.fetched, self.introduced) = (0, 0, 0, 0)
    }

    // MARK: What a test does

    /// Everyone invites those before it; they accept as soon as they hear of it.
    mutating func joinAll() throws {
        for (index, site) in self.sites.enumerated() {
            for earlier in self.sites[..<index] { try self.invite(earlier, by: site) }
        }
        for _ in 0..<1_000 where !self.isComplete {
            self.run(for: .seconds(1))
            for site in self.sites {
                for inviter in self.alliances[site]?.membership.sites(.invitedBy) ?? [] {
                    try self.act(site) { try $0.accept(inviter, now: $1) }
                }
            }
        }
        for site in self.sites { self.describe(site, "first of \(site)") }
    }

    mutating func invite(_ site: SiteID, by inviter: SiteID) throws {
        try self.act(inviter) { try $0.invite(site, now: $1) }
    }

    mutating func accept(_ site: SiteID, by accepter: SiteID) throws {
        try self.act(accepter) { try $0.accept(site, now: $1) }
    }

    mutating func leave(_ site: SiteID, by leaver: SiteID) throws {
        try self.act(leaver) { try $0.leave(site, now: $1) }
    }

    mutating func describe(_ site: SiteID, _ payload: String) {
        self.carryOut(self.alliances[site]?.describe(Array(payload.utf8), schema: "test:1") ?? [], at: site)
    }

    /// A new process with the saved members, no rows, and the incarnation it is given.
    mutating func restart(_ site: SiteID, incarnation: UInt64) {
        let payload = self.payload(of: site)
        self.start(site, incarnation: incarnation)
        let members = (self.saved[site] ?? [:]).values.sorted { $0.site < $1.site }
        self.act(site) { $0.restore(members: members, rows: [], now: $1) }
        if let payload { self.describe(site, String(decoding: payload, as: UTF8.self)) }
    }

    /// A new process that has lost everything but, unless another is given, its key.
    mutating func reinstall(_ site: SiteID, key: SiteKey? = nil) {
        self.keys[site] = key ?? self.introduction(of: site).key
        self.saved[site] = nil
        self.start(site, incarnation: 1)
    }

    mutating func deliver(_ row: Row, to site: SiteID, from neighbour: SiteID) -> [AllianceDirective] {
        let now = self.now(site)
        return self.alliances[site]?.receive(row, from: neighbour, now: now) ?? []
    }

    /// Lets virtual time pass, in steps of half a second.
    mutating func run(for duration: Duration) {
        for _ in 0..<duration.wholeMilliseconds / 500 {
            self.step += 1
            let arriving = self.parcels.filter { $0.arrives <= self.step }
            self.parcels.removeAll { $0.arrives <= self.step }
            for parcel in arriving { self.arrive(parcel) }
            for site in self.sites {
                var generator = SeededGenerator(seed: self.generator.next())
                self.act(site) { $0.tick(now: $1, using: &generator) }
            }
        }
    }

    // MARK: Inside

    private var isComplete: Bool {
        self.alliances.values.allSatisfy { $0.membership.sites(.member).count == self.sites.count - 1 }
    }

    private mutating func act(
        _ site: SiteID, _ event: (inout Alliance, Instant) throws -> [AllianceDirective]
    ) rethrows {
        let now = self.now(site)
        guard var alliance = self.alliances[site] else { return }
        let directives = try event(&alliance, now)
        self.alliances[site] = alliance
        self.carryOut(directives, at: site)
    }

    private func other(_ site: SiteID) -> SiteID { self.sites.first { $0 != site } ?? site }

    private mutating func start(_ site: SiteID, incarnation: UInt64) {
        let key = self.introduction(of: site).key
        self.alliances[site] = Alliance(
            own: site, key: key, incarnation: incarnation, proofs: HashProofs(key: key))
    }

    private func now(_ site: SiteID) -> Instant {
        Instant.seconds(Double(self.step) / 2).advanced(by: self.offsets[site] ?? .zero)
    }

    private func introduction(of site: SiteID) -> Introduction {
        let number = UInt8(self.sites.firstIndex(of: site) ?? 0) + 1
        return Introduction(
            name: site.address, role: .agent, key: self.keys[site] ?? SiteKey(number: number))
    }

    private mutating func carryOut(_ directives: [AllianceDirective], at site: SiteID) {
        for directive in directives {
            switch directive {
            case .sendInvitation(let peer):
                self.introduced += 1
                self.send(.invitation, from: site, to: peer)
            case .sendAcceptance(let peer):
                self.introduced += 1
                self.send(.acceptance, from: site, to: peer)
            case .sendDeparture(let peer): self.send(.departure, from: site, to: peer)
            case .push(let row, let peer):
                self.pushed += 1
                self.send(.row(row), from: site, to: peer)
            case .fetchRow(let origin, let peer):
                self.fetched += 1
                self.send(.rowRequest(origin), from: site, to: peer)
            case .ping(let peer):
                self.pinged += 1
                self.send(.ping(sent: self.step), from: site, to: peer)
            case .save(let member): self.saved[site, default: [:]][member.site] = member
            case .forget(let peer): self.saved[site]?[peer] = nil
            case .report(let report): self.reports.append(report)
            case .saveIncarnation, .saveRows, .changed: break
            }
        }
    }

    private mutating func send(_ content: Content, from: SiteID, to: SiteID) {
        let isCut = from == self.isolated || to == self.isolated
        guard !isCut, !self.chance(self.faults.loss) else {
            self.lost += 1
            if case .ping = content {
                self.act(from) { $0.pingFailed(to, now: $1) }
            }
            return
        }
        var content = content
        if case .row(let row) = content, self.chance(self.faults.forgery) {
            self.forged += 1
            content = .row(row.spoilt(using: &self.generator))
        }
        var copies = 1
        if case .row = content, self.chance(self.faults.repetition) { copies = 2 }
        self.repeated += copies - 1
        for _ in 0..<copies {
            let delay = Int.random(in: 0...self.faults.delay, using: &self.generator)
            self.parcels.append(Parcel(from: from, to: to, content: content, arrives: self.step + 1 + delay))
        }
    }

    private mutating func chance(_ percent: Int) -> Bool {
        percent > 0 && Int.random(in: 0..<100, using: &self.generator) < percent
    }

    private mutating func arrive(_ parcel: Parcel) {
        let (site, peer, now) = (parcel.to, parcel.from, self.now(parcel.to))
        guard var alliance = self.alliances[site] else { return }
        var directives: [AllianceDirective] = []
        switch parcel.content {
        case .invitation:
            let outcome = alliance.receiveInvitation(from: peer, self.introduction(of: peer), now: now)
            directives = outcome.directives
            if outcome.refusal == nil { self.send(.invitationNoted, from: site, to: peer) }
        case .acceptance:
            let outcome = alliance.receiveAcceptance(from: peer, self.introduction(of: peer), now: now)
            directives = outcome.directives
            if outcome.refusal == nil { self.send(.acceptanceConfirmed, from: site, to: peer) }
        case .departure: directives = alliance.receiveDeparture(from: peer, reason: nil, now: now)
        case .row(let row): directives = alliance.receive(row, from: peer, now: now)
        case .rowRequest(let origin):
            if let row = alliance.row(of: origin, for: peer) { self.send(.row(row), from: site, to: peer) }
        case .ping(let sent): self.send(.pong(sent: sent), from: site, to: peer)
        case .pong(let sent):
            let time = Duration.milliseconds((self.step - sent) * 500)
            directives = alliance.pingAnswered(by: peer, after: time, now: now)
        case .invitationNoted: directives = alliance.invitationAnswered(by: peer, refusal: nil, now: now)
        case .acceptanceConfirmed: directives = alliance.acceptanceAnswered(by: peer, refusal: nil, now: now)
        }
        self.alliances[site] = alliance
        self.carryOut(directives, at: site)
    }
}
