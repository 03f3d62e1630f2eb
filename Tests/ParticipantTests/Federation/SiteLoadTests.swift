import CloudModel
import Gossip
import Operations
import Storage
import Testing

@testable import Participant

@Suite("site load")
struct SiteLoadTests {
    private let paris = SiteID("paris.test")
    private let broker = SiteID("broker.test")
    private static let root = GrantBook.Caller(address: "root@paris.test", domain: "paris.test")

    private func table(
        _ site: SiteID, _ alliances: Alliances, load: LoadReport?
    ) async throws -> OperationTable {
        var table = OperationTable(site: site) { () throws(OperationError) in
            GrantBook(grants: [
                Grant(
                    subject: .address(Self.root.address), permissions: .exactly(Permission("site.load")),
                    scope: .own)
            ])
        }
        table.registerSites(
            try alliances[site].federation,
            grants: try await GrantKeeper(store: GrantStore(database: Database()), configured: []),
            load: { load }
        ) { nil }
        return table
    }

    private func perform(_ table: OperationTable, site: String? = nil) async throws -> OperationResult {
        try await table.perform(
            Invocation(
                operation: "site.load", arguments: site.map { ["site": .string($0)] } ?? [:],
                caller: Self.root))
    }

    @Test("A site shows its own history, and of others what they tell everybody")
    func shows() async throws {
        let alliances = Alliances()
        try alliances.start("paris.test")
        try alliances.start("broker.test", role: .coordinator)
        let series = LoadReport.Series(
            stepSeconds: 5, start: Instant(millisecondsSinceEpoch: 0), values: [0, nil, 1])
        let report = LoadReport(
            site: self.paris, measured: Instant(millisecondsSinceEpoch: 15_000), heat: nil,
            lines: [LoadReport.Line(figure: .cpu, now: 0.5, recent: series)])
        try await alliances.run {
            try await alliances.join(self.broker, self.paris)
            try await alliances.describe(
                self.paris, load: 0.5, usage: LoadSummary(memory: 0.25),
                heat: Heat(figure: .cpu, share: 0.96, seconds: 130))
            try await alliances.advance(.seconds(2))
            let own = try await self.perform(self.table(self.paris, alliances, load: report))
            #expect(try ValueDecoder().decode(LoadReport.self, from: own.value) == report)
            let layout = try #require(Catalogue.operation("site.load")).layout
            #expect(
                TextRenderer().text(of: own, layout: layout) == """
                    paris.test is not hot
                    FIGURE  NOW   PEAK   LAST TEN MINUTES
                    CPU     50 %  100 %  ▁·█
                    """)
            let broker = try await self.table(self.broker, alliances, load: nil)
            let other = try await self.perform(broker, site: "paris.test")
            #expect(
                TextRenderer().text(of: other, layout: layout) == """
                    paris.test is hot: CPU 96 % for 2 min; coordinators are refused until it has cooled
                    FIGURE  NOW
                    CPU     50 %
                    memory  25 %
                    """)
            for (site, code) in [(nil, .unavailable), ("rome.test", .notFound)]
                as [(String?, OperationError.Code)]
            {
                let error = await #expect(throws: OperationError.self) {
                    try await self.perform(broker, site: site)
                }
                #expect(error?.code == code)
            }
        }
    }
}
