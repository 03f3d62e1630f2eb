import CloudModel
import Testing

@Suite("What a site says of its load")
struct LoadTests {
    @Test(
        "Figures as people read them",
        arguments: [
            (LoadFigure.cpu, 0.956, "96 %"), (.ioPressure, 0, "0 %"), (.memory, 1, "100 %"),
            (.networkIn, 999, "999 B/s"), (.networkOut, 1_000, "1.0 kB/s"),
            (.diskRead, 1_250_000, "1.3 MB/s"),
            (.diskWrite, 2e9, "2.0 GB/s"), (.cpu, .nan, "0 %"),
        ])
    func figures(figure: LoadFigure, value: Double, text: String) {
        #expect(figure.text(value) == text)
    }

    @Test(
        "Why a site is hot",
        arguments: [
            (119, "is hot: CPU 96 % for 119 s"), (120, "is hot: CPU 96 % for 2 min"),
            (7_199, "is hot: CPU 96 % for 119 min"), (7_200, "is hot: CPU 96 % for 2 h"),
        ])
    func heat(seconds: Int, text: String) {
        #expect(Heat(figure: .cpu, share: 0.96, seconds: seconds).text == text)
    }

    @Test("A summary comes in steps, so that it changes seldom, and says nothing that is no share")
    func steps() {
        #expect(LoadSummary(memory: 0.524) == LoadSummary(memory: 0.476))
        #expect(LoadSummary(memory: 0.526).memory == 0.55)
        let odd = LoadSummary(memory: 1.7, disk: -1, diskBusy: .nan, ioPressure: .infinity)
        #expect(odd == LoadSummary(memory: 1, disk: 0))
    }

    @Test("What another site tells is what its row has")
    func report() {
        var capacity = Capacity(
            total: .zero, free: .zero, largestFreeSlot: .zero, load: 0.5, machines: 0, hosts: 1)
        func report() -> LoadReport {
            LoadReport(
                SiteDescription(
                    site: SiteID("paris.test"), name: "Paris", position: nil, country: nil, labels: [:],
                    hypervisors: [], policy: .open, capacity: capacity, price: nil,
                    reported: Instant(millisecondsSinceEpoch: 7)))
        }
        #expect(report().lines.map(\.figure) == [.cpu])
        #expect(report().message == "paris.test is not hot")
        capacity.usage = LoadSummary(memory: 0.5, ioPressure: 0.1)
        capacity.heat = Heat(figure: .cpu, share: 0.96, seconds: 130)
        #expect(report().lines.map(\.figure) == [.cpu, .memory, .ioPressure])
        #expect(report().lines.map(\.nowText) == ["50 %", "50 %", "10 %"])
        #expect(report().message.hasPrefix("paris.test is hot: CPU 96 % for 2 min; "))
    }
}
