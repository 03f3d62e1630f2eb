import CloudModel
import Gossip
import TestRandomness
import Testing

@Suite("Alliance")
struct AllianceTests {
    private let sites: [SiteID] = ["paris.test", "tokyo.test", "virginia.test"]

    @Test(
        "Whatever is lost, repeated, late or forged, all tables agree once the network is calm",
        arguments: 0 as UInt64..<200)
    func convergence(seed: UInt64) throws {
        var network = Network(sites: self.sites, seed: seed)
        network.faults = .harsh
        try network.joinAll()
        for round in 0..<40 {
            network.describe(self.sites[round % 3], "\(seed) \(round)")
            network.run(for: .seconds(1))
        }
        network.faults = .none
        network.run(for: .seconds(40))
        for reader in self.sites {
            for origin in self.sites where origin != reader {
                #expect(network.row(of: origin, at: reader)?.payload == network.payload(of: origin))
                #expect(network.reachability(of: origin, at: reader) == .reachable)
            }
        }
        #expect(network.forged > 0 && network.lost > 0 && network.repeated > 0)
        #expect(network.reports.allSatisfy { if case .keyChanged = $0 { false } else { true } })
    }

    @Test("A quiet network carries heartbeats and pings, nothing more")
    func quiet() throws {
        var network = Network(sites: self.sites, seed: 1)
        try network.joinAll()
        network.run(for: .seconds(20))
        network.resetCounters()
        network.run(for: .seconds(100))
        #expect((60...78).contains(network.pushed), "\(network.pushed) rows in 100 s for 6 directed pairs")
        #expect((60...78).contains(network.pinged), "\(network.pinged) pings")
        #expect(network.fetched == 0)
        #expect(network.reports.isEmpty)
    }

    @Test("A site that is cut off becomes suspect, then unreachable, keeps its row, and comes back")
    func partition() throws {
        var network = Network(sites: self.sites, seed: 2)
        try network.joinAll()
        network.run(for: .seconds(5))
        network.isolated = "tokyo.test"
        network.run(for: .seconds(12))
        #expect(network.reachability(of: "tokyo.test", at: "paris.test") != .reachable)
        network.run(for: .seconds(20))
        #expect(network.reachability(of: "tokyo.test", at: "paris.test") == .unreachable)
        #expect(network.reachability(of: "paris.test", at: "tokyo.test") == .unreachable)
        #expect(network.reachability(of: "virginia.test", at: "paris.test") == .reachable)
        #expect(network.row(of: "tokyo.test", at: "paris.test") != nil)
        network.describe("tokyo.test", "changed meanwhile")
        network.run(for: .seconds(600))
        network.isolated = nil
        network.run(for: .seconds(4))
        #expect(network.reachability(of: "tokyo.test", at: "paris.test") == .reachable)
        #expect(network.row(of: "tokyo.test", at: "paris.test")?.payload == Array("changed meanwhile".utf8))
    }

    @Test(
        "Clocks that are an hour apart, and one that jumps by an hour, make nobody unreachable",
        arguments: [-3_600, 3_600])
    func clocks(seconds: Int64) throws {
        var network = Network(sites: self.sites, seed: 3)
        network.offsets["tokyo.test"] = .seconds(seconds)
        try network.joinAll()
        network.run(for: .seconds(30))
        network.resetCounters()
        network.offsets["paris.test"] = .seconds(seconds)
        network.run(for: .seconds(30))
        network.offsets["paris.test"] = .seconds(-seconds)
        network.run(for: .seconds(30))
        #expect(network.reports.isEmpty)
        #expect(network.pushed <= 3 * 2 * 10)
    }

    @Test("A site that lost its state learns its own last version from the others and goes on above it")
    func lostState() throws {
        var network = Network(sites: self.sites, seed: 4)
        try network.joinAll()
        network.run(for: .seconds(10))
        network.restart("tokyo.test", incarnation: 7)
        network.run(for: .seconds(10))
        network.restart("tokyo.test", incarnation: 1)
        network.describe("tokyo.test", "anew")
        network.run(for: .seconds(15))
        #expect(network.row(of: "tokyo.test", at: "paris.test")?.payload == Array("anew".utf8))
        #expect(network.row(of: "tokyo.test", at: "paris.test")?.version.incarnation == 8)
    }

    @Test(
        "A site that lost its state in its first life, so that its incarnation is the same, is heard at once")
    func lostFirstLife() throws {
        var network = Network(sites: self.sites, seed: 4)
        try network.joinAll()
        network.run(for: .seconds(120))
        network.restart("tokyo.test", incarnation: 1)
        network.describe("tokyo.test", "anew")
        network.run(for: .seconds(12))
        #expect(network.row(of: "tokyo.test", at: "paris.test")?.payload == Array("anew".utf8))
        #expect(network.row(of: "tokyo.test", at: "paris.test")?.version.incarnation == 2)
    }

    @Test(
        "A site that is installed anew and accepted again is heard, with another key or the same",
        arguments: [42 as UInt8, nil])
    func reinstalled(keyNumber: UInt8?) throws {
        var network = Network(sites: ["paris.test", "tokyo.test"], seed: 8)
        try network.joinAll()
        network.run(for: .seconds(120))
        network.restart("tokyo.test", incarnation: 7)
        network.run(for: .seconds(30))
        if keyNumber == nil { try network.leave("tokyo.test", by: "paris.test") }
        network.run(for: .seconds(2))
        network.reinstall("tokyo.test", key: keyNumber.map { SiteKey(number: $0) })
        network.describe("tokyo.test", "anew")
        try network.invite("paris.test", by: "tokyo.test")
        network.run(for: .seconds(2))
        #expect(network.row(of: "tokyo.test", at: "paris.test") == nil)
        try network.accept("tokyo.test", by: "paris.test")
        network.run(for: .seconds(5))
        #expect(network.standing(of: "tokyo.test", at: "paris.test") == .member)
        #expect(network.row(of: "tokyo.test", at: "paris.test")?.payload == Array("anew".utf8))
    }

    @Test("Among few members one end or the other tells each round trip", arguments: [2, 3, 7, 9])
    func toldRoundTrips(count: Int) {
        let sites = (0..<count).map { SiteID("site\($0).test") }
        let limit = count / 2
        var told: Set<Set<SiteID>> = []
        for own in sites {
            let key = SiteKey(number: 1)
            var alliance = Alliance(own: own, key: key, incarnation: 1, proofs: HashProofs(key: key))
            let others = sites.filter { $0 != own }.map {
                Member(site: $0, standing: .member, role: .agent, pinnedKey: key, since: .seconds(0))
            }
            let broker = Member(
                site: "a-broker.test", standing: .member, role: .coordinator, since: .seconds(0))
            _ = alliance.restore(members: others + [broker], rows: [], now: .seconds(0))
            #expect(alliance.roundTrips(atMost: limit).isEmpty)
            for member in others + [broker] {
                _ = alliance.pingAnswered(by: member.site, after: .milliseconds(7), now: .seconds(1))
            }
            let paths = alliance.roundTrips(atMost: limit)
            #expect(paths.count == limit && paths.allSatisfy { $0.time == .milliseconds(7) })
            for path in paths { told.insert([own, path.site]) }
        }
        #expect(!told.contains { $0.contains("a-broker.test") })
        if count % 2 == 1 { #expect(told.count == count * (count - 1) / 2) }
    }

    @Test("A signed row of a member that another member relays is taken, a spoilt one names the neighbour")
    func relay() throws {
        var generator = SeededGenerator(seed: 5)
        var network = Network(sites: self.sites, seed: 5)
        try network.joinAll()
        network.run(for: .seconds(5))
        let held = try #require(network.row(of: "tokyo.test", at: "virginia.test"))
        let spoilt = held.spoilt(using: &generator)
        let directives = network.deliver(spoilt, to: "paris.test", from: "virginia.test")
        #expect(
            directives == [
                .report(.badRow(origin: "tokyo.test", neighbour: "virginia.test", problem: .badSignature)),
                .fetchRow(of: "tokyo.test", from: "tokyo.test"),
            ])
        // The second one is reported, but not fetched for again: no storm grows out of a flood of bad rows.
        #expect(network.deliver(spoilt, to: "paris.test", from: "virginia.test").count == 1)
        #expect(network.deliver(held, to: "paris.test", from: "stranger.test").isEmpty)
        // A stranger that a member names is not asked for anything, however odd its row.
        let absurd = Row.make("stranger.test", 1 << 41, 1, "free", key: SiteKey(number: 42))
        #expect(
            network.deliver(absurd, to: "paris.test", from: "virginia.test") == [
                .report(.badRow(origin: "stranger.test", neighbour: "virginia.test", problem: .absurdVersion))
            ])
    }

    @Test("Another key shown by the site itself quarantines it; shown by a relay it is only a bad row")
    func changedKey() throws {
        var network = Network(sites: self.sites, seed: 6)
        try network.joinAll()
        network.run(for: .seconds(5))
        let other = Row.make("tokyo.test", 2, 1, "free", key: SiteKey(number: 42))
        let relayed = network.deliver(other, to: "paris.test", from: "virginia.test")
        #expect(
            relayed.first
                == .report(.badRow(origin: "tokyo.test", neighbour: "virginia.test", problem: .keyChanged)))
        #expect(network.standing(of: "tokyo.test", at: "paris.test") == .member)
        let own = network.deliver(other, to: "paris.test", from: "tokyo.test")
        #expect(own.contains(.report(.keyChanged("tokyo.test", offered: SiteKey(number: 42)))))
        #expect(network.standing(of: "tokyo.test", at: "paris.test") == .quarantined)
        #expect(network.row(of: "tokyo.test", at: "paris.test") == nil)
        network.resetCounters()
        network.run(for: .seconds(20))
        #expect(network.row(of: "tokyo.test", at: "paris.test") == nil)
        #expect(network.reports.isEmpty)
    }

    @Test("An invitation that does not arrive is sent again until it does")
    func retry() throws {
        var network = Network(sites: ["paris.test", "tokyo.test"], seed: 7)
        network.isolated = "tokyo.test"
        try network.invite("tokyo.test", by: "paris.test")
        network.run(for: .seconds(60))
        #expect(network.standing(of: "paris.test", at: "tokyo.test") == nil)
        network.isolated = nil
        network.run(for: .seconds(12))
        #expect(network.standing(of: "paris.test", at: "tokyo.test") == .invitedBy)
        network.resetCounters()
        network.run(for: .seconds(60))
        #expect(network.introduced == 0)
    }
}
