import CloudModel
import Cryptography
import Federation
import Gossip
import Storage
import Testing
import XML
import XMPP

@testable import Participant

@Suite("The federation as a service")
struct FederationServiceTests {
    private let paris = SiteID("paris.test")
    private let tokyo = SiteID("tokyo.test")
    private let broker = SiteID("broker.test")

    private func three() throws -> Alliances {
        let alliances = Alliances()
        try alliances.start("paris.test")
        try alliances.start("tokyo.test")
        try alliances.start("broker.test", role: .coordinator)
        return alliances
    }

    private func joined(_ alliances: Alliances) async throws {
        try await alliances.join(self.paris, self.tokyo)
        try await alliances.join(self.broker, self.paris)
        try await alliances.join(self.broker, self.tokyo)
        for site in [self.paris, self.tokyo] { try await alliances.describe(site) }
        try await alliances.advance(.seconds(2))
    }

    @Test("Sites join by double opt-in, and see each other's capacity and round trip")
    func joining() async throws {
        let alliances = try self.three()
        try await alliances.run {
            try await alliances[self.paris].federation.invite(self.tokyo, note: "let us share")
            try await alliances.settle()
            let invited = try #require(try alliances[self.tokyo].federation.knownSite(self.paris))
            #expect(invited.standing == .invitedBy && invited.reason == "it says: let us share")
            #expect(try alliances[self.paris].federation.knownSite(self.tokyo)?.standing == .invited)
            try await alliances[self.tokyo].federation.accept(self.paris)
            try await alliances.settle()
            try await alliances.join(self.broker, self.paris)
            try await alliances.describe(self.paris, freeVCPUs: 3)
            try await alliances.advance(.seconds(2))
            for reader in [self.tokyo, self.broker] {
                let seen = try #require(try alliances[reader].federation.knownSite(self.paris))
                #expect(seen.isCandidate && seen.reachability == .reachable && seen.role == .agent)
                #expect(seen.name == "PARIS.TEST" && seen.roundTrip != nil)
                #expect(seen.description?.capacity.free.vcpus == 3)
            }
            let broker = try #require(try alliances[self.paris].federation.knownSite(self.broker))
            #expect(broker.role == .coordinator && broker.description == nil)
        }
    }

    @Test("A change is published within a second; small changes of load wait for the heartbeat")
    func publishing() async throws {
        let alliances = try self.three()
        try await alliances.run {
            try await self.joined(alliances)
            try await alliances.describe(self.paris, freeVCPUs: 1)
            try await alliances.advance(.seconds(1))
            #expect(
                try alliances[self.broker].federation.knownSite(self.paris)?.description?.capacity.free.vcpus
                    == 1)
            _ = alliances.network.takeSent()
            try await alliances.describe(self.paris, freeVCPUs: 1, load: 0.12)
            try await alliances.advance(.seconds(2))
            #expect(alliances.network.takeSent().filter(\.isRow).isEmpty)
            try await alliances.advance(.seconds(10))
            #expect(
                try alliances[self.broker].federation.knownSite(self.paris)?.description?.capacity.load
                    == 0.12)
        }
    }

    @Test("That a site is hot is published within a second; how much it does, and for how long, waits")
    func publishingHeat() async throws {
        let alliances = try self.three()
        @Sendable func known() throws -> Capacity? {
            try alliances[self.broker].federation.knownSite(self.paris)?.description?.capacity
        }
        try await alliances.run {
            try await self.joined(alliances)
            try await alliances.describe(self.paris)
            try await alliances.advance(.seconds(1))
            _ = alliances.network.takeSent()
            try await alliances.describe(self.paris, usage: LoadSummary(memory: 0.9))
            try await alliances.advance(.seconds(2))
            #expect(alliances.network.takeSent().filter(\.isRow).isEmpty)
            try await alliances.describe(self.paris, heat: Heat(figure: .cpu, share: 1, seconds: 120))
            try await alliances.advance(.seconds(1))
            #expect(try known()?.heat?.seconds == 120)
            _ = alliances.network.takeSent()
            try await alliances.describe(self.paris, heat: Heat(figure: .cpu, share: 0.97, seconds: 125))
            try await alliances.advance(.seconds(2))
            #expect(alliances.network.takeSent().filter(\.isRow).isEmpty)
            try await alliances.describe(self.paris)
            try await alliances.advance(.seconds(1))
            #expect(try known()?.heat == nil)
        }
    }

    @Test("A quiet network carries heartbeats and pings only")
    func quiet() async throws {
        let alliances = try self.three()
        try await alliances.run {
            try await self.joined(alliances)
            try await alliances.advance(.seconds(20))
            _ = alliances.network.takeSent()
            try await alliances.advance(.seconds(60))
            let sent = alliances.network.takeSent()
            let rows = sent.filter(\.isRow).count
            // Two agents tell two members each; three participants ping two each and are answered.
            #expect((4 * 6...4 * 8).contains(rows), "\(rows) rows")
            #expect(sent.count - rows <= 2 * 6 * 8, "\(sent.count - rows) others")
        }
    }

    @Test("Strangers are told how to join, and learn nothing")
    func stranger() async throws {
        let alliances = try self.three()
        try await alliances.run {
            let answer = await #expect(throws: StanzaError.self) {
                let link = try alliances[self.tokyo].link
                _ = try await link.request(
                    IQ(
                        to: self.paris.jid(), id: "1", body: .get(RowRequest(origin: self.paris).element)),
                    timeout: .seconds(1))
            }
            #expect(answer?.condition == .registrationRequired)
            #expect(answer?.text?.contains("site invite") == true)
            let refused = await #expect(throws: StanzaError.self) {
                let _: RowEnvelope = try await alliances[self.tokyo].federation.request(
                    RowRequest(origin: self.paris), to: self.paris, timeout: .seconds(1))
            }
            #expect(refused?.condition == .registrationRequired)
            let uninvited = await #expect(throws: StanzaError.self) {
                let acceptance = Acceptance(
                    name: "x", role: .agent, key: try alliances[self.tokyo].federation.key)
                _ = try await alliances[self.tokyo].link.request(
                    IQ(to: self.paris.jid(), id: "2", body: .set(acceptance.element)), timeout: .seconds(1))
            }
            #expect(uninvited?.condition == .registrationRequired)
            let known = try alliances[self.paris].federation.sites()
            #expect(known.isEmpty)
        }
    }

    @Test("A forged row changes nothing and is fetched again from its owner")
    func forged() async throws {
        let alliances = try self.three()
        try await alliances.run {
            try await self.joined(alliances)
            let held: RowEnvelope = try await alliances[self.broker].federation.request(
                RowRequest(origin: self.paris), to: self.paris, timeout: .seconds(1))
            let before = try alliances[self.broker].federation.knownSite(self.paris)?.description
            let row = held.row
            let forged = Row(
                origin: row.origin, version: RowVersion(incarnation: 9, sequence: 9), lifetime: row.lifetime,
                schema: row.schema, payload: row.payload.reversed(), key: row.key, signature: row.signature)
            _ = alliances.network.takeSent()
            for _ in 0..<5 {
                try await alliances[self.tokyo].federation.push(RowEnvelope(row: forged), to: self.broker)
            }
            try await alliances.settle()
            #expect(try alliances[self.broker].federation.knownSite(self.paris)?.description == before)
            #expect(try alliances[self.broker].federation.knownSite(self.paris)?.standing == .member)
            let fetches = alliances.network.takeSent().filter { stanza in
                if case .iq(let iq) = stanza { iq.request.map(RowRequest.matches) ?? false } else { false }
            }
            #expect(fetches.count == 1)
        }
    }

    @Test(
        "A site that is cut off becomes unreachable, is not forgotten, and is back at once when the way is clear"
    )
    func partition() async throws {
        let alliances = try self.three()
        try await alliances.run {
            try await self.joined(alliances)
            alliances.network.isolate([try self.tokyo.jid()])
            try await alliances.advance(.seconds(40))
            let lost = try #require(try alliances[self.broker].federation.knownSite(self.tokyo))
            #expect(lost.reachability == .unreachable && !lost.isCandidate && lost.description != nil)
            #expect(try alliances[self.broker].federation.knownSite(self.paris)?.isCandidate == true)
            try await alliances.describe(self.tokyo, freeVCPUs: 2)
            try await alliances.advance(.seconds(60))
            alliances.network.isolate([])
            try await alliances.advance(.seconds(4))
            let back = try #require(try alliances[self.broker].federation.knownSite(self.tokyo))
            #expect(back.isCandidate && back.description?.capacity.free.vcpus == 2)
        }
    }

    @Test("A restart keeps members and rows and goes on with a higher incarnation")
    func restart() async throws {
        let alliances = try self.three()
        try await alliances.run { try await self.joined(alliances) }
        // A service runs once: everybody restarts.
        try alliances.start("paris.test")
        try alliances.start("tokyo.test")
        try alliances.start("broker.test", role: .coordinator)
        let remembered = try #require(try alliances[self.broker].federation.knownSite(self.tokyo))
        #expect(remembered.standing == .member && remembered.description != nil)
        #expect(!remembered.isCandidate, "what was read back from disk is not relied upon")
        try await alliances.run {
            try await alliances.describe(self.paris, freeVCPUs: 7)
            try await alliances.describe(self.tokyo)
            try await alliances.advance(.seconds(12))
            let seen = try #require(try alliances[self.tokyo].federation.knownSite(self.paris))
            #expect(seen.isCandidate && seen.description?.capacity.free.vcpus == 7)
            #expect(try alliances[self.broker].federation.knownSite(self.tokyo)?.isCandidate == true)
        }
    }

    @Test("A ping for which there is no room is sent later")
    func crowded() async throws {
        let alliances = try self.three()
        try await alliances.run { try await self.joined(alliances) }
        try alliances.start("paris.test", exchanges: 1)
        try alliances.start("tokyo.test")
        try alliances.start("broker.test", role: .coordinator)
        // Nothing is carried out yet: the first ping takes the only place, the second has none.
        await (try alliances[self.paris]).federation.tick()
        try await alliances.run {
            try await alliances.settle()
            // Before the first ping of the other is due again, which could take the place once more.
            try await alliances.advance(.seconds(7))
            for member in [self.tokyo, self.broker] {
                #expect(try alliances[self.paris].federation.knownSite(member)?.roundTrip != nil)
            }
        }
    }

    @Test("A site with another key is quarantined until an admin accepts it again")
    func changedKey() async throws {
        let alliances = try self.three()
        try await alliances.run { try await self.joined(alliances) }
        try alliances.start("paris.test")
        try alliances.start("tokyo.test", keyNumber: 250)
        try alliances.start("broker.test", role: .coordinator)
        try await alliances.run {
            try await alliances.describe(self.tokyo)
            try await alliances.advance(.seconds(2))
            let seen = try #require(try alliances[self.paris].federation.knownSite(self.tokyo))
            #expect(seen.standing == .quarantined && seen.description == nil)
            #expect(seen.reason?.contains("another key") == true)
            let refused = await #expect(throws: StanzaError.self) {
                let _: RowEnvelope = try await alliances[self.tokyo].federation.request(
                    RowRequest(origin: self.paris), to: self.paris, timeout: .seconds(1))
            }
            #expect(refused?.condition == .notAuthorized)
            #expect(try alliances[self.paris].federation.suspensions == ["tokyo.test": .quarantined])
            try await alliances[self.paris].federation.accept(self.tokyo)
            try await alliances.settle()
            try await alliances.advance(.seconds(11))
            #expect(try alliances[self.paris].federation.knownSite(self.tokyo)?.isCandidate == true)
            #expect(try alliances[self.paris].federation.suspensions.isEmpty)
        }
    }

    @Test("A site that is installed anew while the others go on is heard as soon as it is accepted again")
    func reinstalled() async throws {
        let alliances = try self.three()
        try await alliances.run { try await self.joined(alliances) }
        // Everybody restarts, so that the row that is held is of a later life than any of the new installation.
        for site in ["paris.test", "tokyo.test"] { try alliances.start(site) }
        try alliances.start("broker.test", role: .coordinator)
        try await alliances.run {
            for site in [self.paris, self.tokyo] { try await alliances.describe(site) }
            try await alliances.advance(.seconds(12))
            try alliances.start("tokyo.test", keyNumber: 250, isNew: true)
            try await alliances.run(self.tokyo) {
                try await alliances.describe(self.tokyo, freeVCPUs: 1)
                try await alliances[self.tokyo].federation.invite(self.paris)
                try await alliances.settle()
                #expect(try alliances[self.paris].federation.knownSite(self.tokyo)?.standing == .quarantined)
                try await alliances[self.paris].federation.accept(self.tokyo)
                try await alliances.settle()
                try await alliances.advance(.seconds(2))
                let seen = try #require(try alliances[self.paris].federation.knownSite(self.tokyo))
                #expect(seen.isCandidate && seen.description?.capacity.free.vcpus == 1)
            }
        }
    }

    @Test("A row tells the round trips to members that own capacity, as many as keep it small")
    func roundTrips() async throws {
        let alliances = try self.three()
        try await alliances.run {
            try await self.joined(alliances)
            try await alliances.describe(self.paris, load: 0.5)
            try await alliances.advance(.seconds(2))
            let told = try #require(try alliances[self.broker].federation.knownSite(self.paris)?.description)
            #expect(told.roundTrips.map(\.site) == [self.tokyo])
            #expect(told.roundTrips.allSatisfy { $0.milliseconds >= 0.1 })
            // A row that is large without them tells none.
            let labels = Dictionary(
                uniqueKeysWithValues: (0..<20).map { ("label-\($0)", String(repeating: "x", count: 40)) })
            var large = told
            large.labels = labels
            try await alliances[self.paris].federation.publish(large)
            try await alliances.advance(.seconds(2))
            let seen = try #require(try alliances[self.broker].federation.knownSite(self.paris)?.description)
            #expect(seen.labels == labels && seen.roundTrips.isEmpty)
        }
    }

    @Test("Strangers who invite and depart are forgotten on disk too")
    func withdrawn() async throws {
        let alliances = try self.three()
        try await alliances.run {
            try await alliances[self.tokyo].federation.invite(self.paris)
            try await alliances.settle()
            let store = FederationStore(database: try alliances.database(of: self.paris))
            #expect(try store.members().map(\.site) == [self.tokyo])
            try await alliances[self.tokyo].federation.leave(self.paris)
            try await alliances.settle()
            #expect(try alliances[self.paris].federation.knownSite(self.tokyo) == nil)
            #expect(try store.members().isEmpty)
        }
    }

    @Test("Leaving ends it on both sides")
    func leaving() async throws {
        let alliances = try self.three()
        try await alliances.run {
            try await self.joined(alliances)
            let changes = try alliances[self.paris].federation.changes()
            try await alliances[self.tokyo].federation.leave(self.paris)
            try await alliances.settle()
            for await changed in changes where changed == self.tokyo { break }
            let seen = try #require(try alliances[self.paris].federation.knownSite(self.tokyo))
            #expect(seen.standing == .left && seen.description == nil && seen.reason == "it left")
            #expect(try alliances[self.tokyo].federation.knownSite(self.paris)?.standing == .left)
            #expect(try alliances[self.paris].federation.suspensions == ["tokyo.test": .notAllied])
            // Asking to be let in again gives nothing back; agreeing to it does.
            try await alliances[self.tokyo].federation.invite(self.paris)
            try await alliances.settle()
            #expect(try alliances[self.paris].federation.knownSite(self.tokyo)?.standing == .invitedBy)
            #expect(try alliances[self.paris].federation.suspensions == ["tokyo.test": .notAllied])
            try await alliances[self.paris].federation.accept(self.tokyo)
            try await alliances.settle()
            #expect(try alliances[self.paris].federation.suspensions.isEmpty)
        }
    }
}

extension Stanza {
    /// Whether it pushes a row.
    fileprivate var isRow: Bool {
        if case .message(let message) = self {
            message.payloads.contains(where: RowEnvelope.matches)
        } else {
            false
        }
    }
}
