import CloudModel
import Coordinator
import Foundation
import Operations
import Placement
import TestSupport
import Testing

@Suite("What pages show as printed", .timeLimit(.minutes(2)))
struct ShownOutputTests {
    private static let loadPage = "Sources/Coordinator/Coordinator.docc/LoadAndRebalancing.md"
    private static let usersPage = "Sources/Coordinator/Coordinator.docc/FollowTheUsers.md"
    private static let world: [(String, Position?, Int)] = [
        ("paris.example", Position(latitude: 48.9, longitude: 2.4), 8),
        ("tokyo.example", Position(latitude: 35.7, longitude: 139.7), 8),
        ("oslo.example", Position(latitude: 59.9, longitude: 10.8), 8),
    ]

    private static func text(of result: OperationResult, as operation: String) throws -> String {
        TextRenderer().text(of: result, layout: try #require(Catalogue.operation(operation)).layout)
    }

    /// The same whatever the page's lines are broken at.
    private static func words(_ text: String) -> String {
        text.split { $0.isWhitespace }.joined(separator: " ")
    }

    @Test("The load of a site")
    func load() throws {
        func bump(_ index: Int, around middle: Int, width: Int) -> Double {
            max(0, 1 - Double(abs(index - middle)) / Double(width))
        }
        func line(
            _ figure: LoadFigure, recent: (Int) -> Double, day: (Int) -> Double
        ) -> LoadReport.Line {
            let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)
            let values = (0..<120).map(recent)
            return LoadReport.Line(
                figure: figure, now: values.last,
                recent: LoadReport.Series(stepSeconds: 5, start: start, values: values),
                day: LoadReport.Series(stepSeconds: 300, start: start, values: (0..<288).map(day)))
        }
        let report = LoadReport(
            site: SiteID("paris.example"), measured: Instant(millisecondsSinceEpoch: 1_800_000_600_000),
            heat: nil,
            lines: [
                line(.cpu) {
                    ($0 < 60 ? 0.2 : 0.41) + 0.58 * bump($0, around: 36, width: 20)
                } day: {
                    0.08 + 0.6 * bump($0, around: 190, width: 90)
                },
                line(.memory) {
                    $0 < 60 ? 0.64 : 0.63
                } day: {
                    $0 < 200 ? 0.45 : 0.63
                },
                line(.ioPressure) {
                    0.02 + 0.07 * bump($0, around: 34, width: 9)
                } day: {
                    0.01 + 0.08 * bump($0, around: 230, width: 12)
                },
            ])
        let result = try OperationResult(
            site: report.site, encoding: report, message: report.message)
        let text = try Self.text(of: result, as: "site.load")
        #expect(
            try RepositoryFolder.text(of: Self.loadPage).contains("$ tradewind site load\n\(text)\n```\n"))
    }

    @Test("Moves that are proposed")
    func moves() async throws {
        let bench = try CoordinatorBench(Self.world)
        @Sendable func set(_ policy: AdmissionPolicy) {
            for site in ["tokyo.example", "oslo.example"] { bench.sites.setPolicy(policy, at: site) }
        }
        func set(load: Double, price: Int64, at site: String) {
            bench.sites.update { state in
                state.sites[SiteID(site)]?.description.capacity.load = load
                state.sites[SiteID(site)]?.description.price = Price(
                    currency: "EUR", microsPerVCPUHour: price, microsPerGibibyteHour: 0)
            }
        }
        set(load: 0.62, price: 30_000, at: "paris.example")
        set(load: 0.65, price: 30_000, at: "tokyo.example")
        set(load: 0.22, price: 20_000, at: "oslo.example")
        set(.closed)
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place("web"))
            let cheap: [String: Value] = ["weight-latency": .double(0), "weight-price": .double(2_000)]
            _ = try await table.perform(CoordinatorBench.place("batch", more: cheap))
            await bench.boot(coordinator)
            set(.open)
            let result = try await table.perform(
                Invocation(operation: "workload.rebalance", arguments: [:], caller: CoordinatorBench.alice))
            let text = try Self.text(of: result, as: "workload.rebalance")
            let page = try RepositoryFolder.text(of: Self.loadPage)
            #expect(page.contains("$ tradewind workload rebalance\n\(text)\n$ tradewind"))
        }
    }

    @Test("How users fare, and why a replica is added near them")
    func users() async throws {
        let bench = try CoordinatorBench(Self.world)
        let page = try RepositoryFolder.text(of: Self.usersPage)
        try await bench.run { coordinator, table in
            let wishes: [String: Value] = ["follow-target": .double(200), "follow-maximum": .integer(3)]
            _ = try await table.perform(CoordinatorBench.place(more: wishes))
            await bench.boot(coordinator)
            func perform(_ operation: String, _ arguments: [String: Value]) async throws -> OperationResult {
                let arguments = arguments.merging(["workload": .string("web")]) { $1 }
                return try await table.perform(
                    Invocation(operation: operation, arguments: arguments, caller: CoordinatorBench.alice))
            }
            func pass() async throws {
                bench.clock.advance(by: .seconds(15))
                bench.sites.update { $0.heard = bench.clock.now() }
                for (place, times) in [("FR", "290:20"), ("JP", "38:64"), ("BR", "410:1")] {
                    _ = try await perform(
                        "workload.report",
                        ["place": .string(place), "milliseconds": .array([.string(times)])])
                }
                await coordinator.followUsers()
            }
            for _ in 0..<12 { try await pass() }
            let shown = try Self.text(of: try await perform("workload.show", [:]), as: "workload.show")
            let rows = shown.split(separator: "\n").drop { !$0.hasPrefix("USERS AT") }.prefix(4)
            #expect(page.contains("```\n\(rows.joined(separator: "\n"))\n```\n"))
            var event: WorkloadEvent?
            while event == nil {
                try Task.checkCancellation()
                try await pass()
                let workload = try coordinator.workload("web", for: "alice@paris.test", scope: .own)
                event = workload.events?.first { $0.kind == .added }
            }
            let text = try #require(event?.text)
            #expect(Self.words(page).contains("``` \(text) "))
        }
    }

    @Test("Why none is added")
    func obstacle() throws {
        var wishes = FollowingWishes(target: 200, maximum: 6)
        wishes.costPerHour = 2.5
        var memory = FollowingMemory()
        var digest = ResponseDigest()
        digest.add(410, count: 300)
        let milliseconds = try #require(digest.percentile(95))
        let users = PlaceResponse(
            place: .country("BR"), count: 300, milliseconds: milliseconds, recent: milliseconds)
        let (paris, tokyo) = (SiteID("paris.example"), SiteID("tokyo.example"))
        let view = FollowingView(
            now: Instant(millisecondsSinceEpoch: 1_800_000_000_000),
            replicas: [
                FollowedReplica(index: 0, site: paris, price: 1),
                FollowedReplica(index: 1, site: tokyo, price: 1),
            ],
            responses: [
                users, PlaceResponse(place: .country("FR"), count: 100, milliseconds: 40, recent: 40),
                PlaceResponse(place: .country("JP"), count: 100, milliseconds: 40, recent: 40),
            ],
            roundTrips: [
                .country("BR"): [paris: 200, tokyo: 300], .country("FR"): [paris: 9, tokyo: 235],
                .country("JP"): [paris: 235, tokyo: 8],
            ])
        let decision = Follower().decide(
            .near(users), &memory, wishes, view,
            candidate: .init(site: SiteID("saopaulo.example"), roundTrip: 9, price: 1.1), refusal: "")
        guard case .remark(let text) = decision else {
            Issue.record("\(decision)")
            return
        }
        let page = Self.words(try RepositoryFolder.text(of: Self.usersPage))
        #expect(page.contains(" \(text) ```"))
    }
}
