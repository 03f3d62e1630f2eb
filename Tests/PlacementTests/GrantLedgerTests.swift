import CloudModel
import Placement
import Testing

@Suite("Grants that no report shows yet")
struct GrantLedgerTests {
    private static func time(_ seconds: Int64) -> Instant {
        Instant(millisecondsSinceEpoch: seconds * 1_000)
    }

    private static func id(_ number: UInt64) throws -> ReservationID {
        let workload = try #require(WorkloadID("00000000-0000-4000-8000-000000000000"))
        return ReservationID(derivedFrom: workload, path: [number])
    }

    private func pending(
        _ ledger: GrantLedger, _ description: SiteDescription = Samples.candidate("a.test").description,
        received: Int64, now: Int64
    ) -> Int {
        ledger.candidate(
            description, received: Self.time(received), reachability: .reachable, now: Self.time(now)
        ).pending.vcpus
    }

    @Test("A request counts from the moment it is sent until a later report shows it")
    func counting() throws {
        var ledger = GrantLedger()
        let id = try Self.id(1)
        ledger.asked(id, for: Samples.resources(2), at: SiteID("a.test"), now: Self.time(10))
        ledger.asked(id, for: Samples.resources(2), at: SiteID("a.test"), now: Self.time(10))
        #expect(self.pending(ledger, received: 5, now: 10) == 2)
        // A report that arrives before the answer may or may not include it: it still counts.
        #expect(self.pending(ledger, received: 11, now: 11) == 2)
        ledger.granted(id, now: Self.time(12))
        #expect(self.pending(ledger, received: 12, now: 12) == 2)
        #expect(self.pending(ledger, received: 13, now: 13) == 0)
        ledger.reported(Samples.candidate("a.test").description, received: Self.time(13))
        #expect(self.pending(ledger, received: 5, now: 14) == 0)
    }

    @Test("A request that came to nothing stops counting")
    func ended() throws {
        var ledger = GrantLedger()
        ledger.asked(try Self.id(1), for: Samples.resources(2), at: SiteID("a.test"), now: Self.time(10))
        ledger.ended(try Self.id(1))
        #expect(self.pending(ledger, received: 5, now: 10) == 0)
    }

    @Test("The true state that comes with a refusal counts until the next report")
    func correction() {
        var ledger = GrantLedger()
        let description = Samples.candidate("a.test").description
        var full = description.capacity
        full.free = .zero
        ledger.corrected(SiteID("a.test"), to: full, now: Self.time(10))
        func free(received: Int64) -> Int {
            ledger.candidate(
                description, received: Self.time(received), reachability: .reachable, now: Self.time(20)
            ).description.capacity.free.vcpus
        }
        #expect(free(received: 9) == 0)
        #expect(free(received: 11) == 8)
    }

    @Test(
        "Of a report and a refusal the one counts with which the site has counted further, whichever came last"
    )
    func generations() {
        func free(report: Int?, refusal: Int?, received: Int64) -> Int {
            var ledger = GrantLedger()
            var description = Samples.candidate("a.test").description
            description.capacity.generation = report
            var full = description.capacity
            (full.free, full.generation) = (.zero, refusal)
            ledger.corrected(SiteID("a.test"), to: full, now: Self.time(10))
            ledger.reported(description, received: Self.time(received))
            return ledger.candidate(
                description, received: Self.time(received), reachability: .reachable, now: Self.time(20)
            ).description.capacity.free.vcpus
        }
        #expect(free(report: 4, refusal: 5, received: 11) == 0)
        #expect(free(report: 5, refusal: 4, received: 9) == 8)
        for (report, refusal) in [(5, 5), (nil, 5), (5, nil), (nil, nil)] as [(Int?, Int?)] {
            #expect(free(report: report, refusal: refusal, received: 9) == 0)
            #expect(free(report: report, refusal: refusal, received: 11) == 8)
        }
    }

    /// What counts as pending once a row of `row` changes is received at 13, of what was granted at 12.
    private func pendingAfterRow(of row: Int?, grantedAt generation: Int?) throws -> [Int] {
        var ledger = GrantLedger()
        var description = Samples.candidate("a.test").description
        description.capacity.generation = row
        let id = try Self.id(1)
        ledger.asked(id, for: Samples.resources(2), at: SiteID("a.test"), now: Self.time(10))
        ledger.granted(id, now: Self.time(12), generation: generation)
        let before = self.pending(ledger, description, received: 13, now: 20)
        ledger.reported(description, received: Self.time(13))
        // One that shows it has ended the count for good; else it goes on.
        return [before] + [13, 9].map { self.pending(ledger, description, received: $0, now: 20) }
    }

    @Test("A row that the site signed before it granted, and that comes after, does not end the count")
    func lateRow() throws {
        #expect(try self.pendingAfterRow(of: 6, grantedAt: 7) == [2, 2, 2])
        #expect(try self.pendingAfterRow(of: 7, grantedAt: 7) == [0, 0, 0])
        #expect(try self.pendingAfterRow(of: 8, grantedAt: 7) == [0, 0, 0])
    }

    @Test("Where either does not tell the number, it goes by time")
    func untoldGeneration() throws {
        #expect(try self.pendingAfterRow(of: 6, grantedAt: nil) == [0, 0, 0])
        #expect(try self.pendingAfterRow(of: nil, grantedAt: 7) == [0, 0, 0])
    }

    @Test("A row that shows a request may come before its answer; one from before the request never shows it")
    func earlyRow() throws {
        var ledger = GrantLedger()
        var description = Samples.candidate("a.test").description
        description.capacity.generation = 7
        let id = try Self.id(1)
        ledger.asked(id, for: Samples.resources(2), at: SiteID("a.test"), now: Self.time(10))
        #expect(self.pending(ledger, description, received: 11, now: 20) == 2)
        ledger.granted(id, now: Self.time(12), generation: 7)
        #expect(self.pending(ledger, description, received: 11, now: 20) == 0)
        // The site had counted as far before it lost its database.
        #expect(self.pending(ledger, description, received: 9, now: 20) == 2)
    }

    @Test("A refusal ends the count of what was granted before it, by the same number")
    func refusalShowsGrants() throws {
        var ledger = GrantLedger()
        var description = Samples.candidate("a.test").description
        description.capacity.generation = 5
        for number in 1...2 as ClosedRange<UInt64> {
            ledger.asked(
                try Self.id(number), for: Samples.resources(2), at: SiteID("a.test"), now: Self.time(10))
            ledger.granted(try Self.id(number), now: Self.time(11), generation: 5 + Int(number))
        }
        var full = description.capacity
        full.generation = 6
        ledger.corrected(SiteID("a.test"), to: full, now: Self.time(12))
        let candidate = ledger.candidate(
            description, received: Self.time(11), reachability: .reachable, now: Self.time(13))
        #expect(candidate.pending.vcpus == 2)
    }

    @Test("Of a site that has lost its database and counts anew, what it granted before counts for its time")
    func countsAnew() throws {
        var ledger = GrantLedger()
        var description = Samples.candidate("a.test").description
        ledger.asked(try Self.id(1), for: Samples.resources(2), at: SiteID("a.test"), now: Self.time(10))
        ledger.granted(try Self.id(1), now: Self.time(12), generation: 500)
        for second in [60, 120, 180, 240, 300] as [Int64] {
            description.capacity.generation = Int(second) / 60
            ledger.reported(description, received: Self.time(second))
            ledger.expire(now: Self.time(second))
            #expect(self.pending(ledger, description, received: second, now: second) == 2)
        }
        ledger.expire(now: Self.time(311))
        #expect(self.pending(ledger, description, received: 300, now: 311) == 0)
        // What it grants since then goes by what it counts now.
        ledger.asked(try Self.id(2), for: Samples.resources(2), at: SiteID("a.test"), now: Self.time(320))
        ledger.granted(try Self.id(2), now: Self.time(321), generation: 6)
        description.capacity.generation = 6
        #expect(self.pending(ledger, description, received: 322, now: 322) == 0)
    }

    @Test("Requests are forgotten after their retention, and beyond the limit the oldest first")
    func limits() throws {
        var ledger = GrantLedger()
        ledger.asked(try Self.id(1), for: Samples.resources(2), at: SiteID("a.test"), now: Self.time(0))
        ledger.expire(now: Self.time(300))
        #expect(self.pending(ledger, received: 0, now: 300) == 2)
        ledger.expire(now: Self.time(301))
        #expect(self.pending(ledger, received: 0, now: 301) == 0)
    }

    @Test("A burst between two reports is spread over equal sites (Jicofo: 58 of 92 on one of a dozen)")
    func burst() throws {
        var ledger = GrantLedger()
        let sites = (0..<12).map { index in
            Samples.candidate(
                "site\(index).test", free: Samples.resources(16, 64, 1_000),
                total: Samples.resources(16, 64, 1_000)
            ).description
        }
        var counts: [SiteID: Int] = [:]
        for number in 0..<92 as Range<UInt64> {
            let now = Self.time(Int64(number) / 3)
            // Reports are ten seconds apart and never show what was granted since.
            let received = Self.time(0)
            let candidates = sites.map {
                ledger.candidate($0, received: received, reachability: .reachable, now: now)
            }
            let plan = try Planner().plan(
                PlanRequest(Samples.specification()), over: PlacementSnapshot(candidates: candidates))
            let site = try #require(plan.site(ofReplica: 0))
            ledger.asked(try Self.id(number), for: Samples.resources(), at: site, now: now)
            ledger.granted(try Self.id(number), now: now)
            counts[site, default: 0] += 1
        }
        let most = try #require(counts.values.max())
        #expect(Double(most) <= 1.5 * 92 / 12)
    }
}
