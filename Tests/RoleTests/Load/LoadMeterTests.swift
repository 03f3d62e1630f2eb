import Agent
import CloudModel
import Testing

@Suite("A host's load is measured")
struct LoadMeterTests {
    private static let start = Instant(millisecondsSinceEpoch: 1_700_000_000_000)
    private static let host = AgentFixtures.host()

    /// What is known after two looks at a host, two seconds apart.
    private func measured(
        _ texts: LoadTexts, change: (LoadTexts) -> Void
    ) async throws -> [LoadFigure: Double] {
        let meter = LoadMeter(reader: texts.reader)
        _ = await meter.measure([Self.host], at: Self.start)
        change(texts)
        _ = await meter.measure([Self.host], at: Self.start.advanced(by: .seconds(2)))
        let report = try #require(
            await meter.report(of: AgentFixtures.paris, at: Self.start.advanced(by: .seconds(2))))
        return Dictionary(
            report.lines.compactMap { line in line.now.map { (line.figure, $0) } }, uniquingKeysWith: { $1 })
    }

    @Test(
        "From what the kernel has counted; parts of disks, what is made of disks and the loopback count once or not"
    )
    func figures() async throws {
        let texts = LoadTexts()
        texts.write(uptime: 100, busy: 1_000, idle: 1_000)
        texts.writePressure(cpu: 0, memory: 500, io: 1_000)
        texts.setSpace(total: 1_000, free: 250)
        let figures = try await self.measured(texts) { texts in
            texts.write(
                uptime: 102, busy: 1_300, idle: 1_100, sectors: 1_000, diskMilliseconds: 500, bytes: 4_000)
            texts.writePressure(cpu: 1_000_000, memory: 500, io: 401_000)
        }
        #expect(
            figures == [
                .cpu: 0.75, .memory: 0.6, .disk: 0.75, .diskBusy: 0.25, .diskRead: 256_000,
                .diskWrite: 512_000,
                // Two interfaces took 4,000 bytes in two seconds, one sent 8,000 and the other none.
                .networkIn: 4_000, .networkOut: 4_000, .cpuPressure: 0.5, .memoryPressure: 0,
                .ioPressure: 0.2,
            ])
    }

    @Test("What a kernel does not tell is left out, and so is what went back")
    func missing() async throws {
        let texts = LoadTexts()
        texts.write(uptime: 100, busy: 1_000, idle: 1_000, sectors: 100, bytes: 100)
        let without = try await self.measured(texts) { texts in
            texts.write(uptime: 102, busy: 900, idle: 1_200, sectors: 10, bytes: 10)
        }
        // Nothing about pressure, and counters that are lower than before are those of another device or boot.
        #expect(without == [.memory: 0.6, .diskBusy: 0])
    }

    @Test("After a reboot the first look tells nothing of what is counted")
    func reboot() async throws {
        let texts = LoadTexts()
        texts.write(uptime: 100, busy: 1_000, idle: 1_000)
        let figures = try await self.measured(texts) { texts in
            texts.write(uptime: 1, busy: 2_000, idle: 2_000)
        }
        #expect(figures == [.memory: 0.6])
    }

    @Test(
        "Texts that make no sense are not told",
        arguments: ["", "cpu", "cpu a b c d e", "cpu  1 2 3", "\u{0}", "cpu -1 -2 -3 -4 -5"])
    func nonsense(text: String) async throws {
        let texts = LoadTexts()
        texts["uptime"] = "1.0 1.0"
        for file in ["stat", "meminfo", "diskstats", "net/dev", "pressure/cpu", "pressure/io"] {
            texts[file] = text
        }
        let figures = try await self.measured(texts) { $0["uptime"] = "3.0 1.0" }
        #expect(figures == [:])
    }

    @Test("Where there is no host to read, its driver's word counts, each host by its size")
    func drivers() async throws {
        let meter = LoadMeter()
        var (small, large) = (AgentFixtures.host("h1", vcpus: 2), AgentFixtures.host("h2", vcpus: 6))
        (small.load, large.load) = (1, 0.2)
        let account = await meter.measure([small, large], at: Self.start)
        #expect(abs(account.load - 0.4) < 1e-9)
        #expect(account.usage == LoadSummary())
        let report = try #require(await meter.report(of: AgentFixtures.paris, at: Self.start))
        #expect(report.lines.map(\.figure) == [.cpu])
    }

    @Test("The account is the mean of the last minute, and before there is one what the driver says")
    func account() async throws {
        let texts = LoadTexts()
        let meter = LoadMeter(reader: texts.reader)
        texts.write(uptime: 0, busy: 0, idle: 0)
        #expect(await meter.measure([Self.host], at: Self.start).load == 0.25)
        var account: LoadMeter.Account?
        for step in 1...40 {
            // Busy for the first half.
            texts.write(uptime: Double(step) * 5, busy: min(step, 20) * 500, idle: max(0, step - 20) * 500)
            account = await meter.measure([Self.host], at: Self.start.advanced(by: .seconds(step * 5)))
            if step == 20 { #expect(account?.load == 1) }
        }
        #expect(account?.load == 0)
        #expect(account?.usage.memory == 0.6)
    }
}
