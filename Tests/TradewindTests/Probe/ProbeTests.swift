import Foundation
import Operations
import Testing

@testable import tradewind

@Suite("The probe")
struct ProbeTests {
    private struct Unreachable: Error {}

    @Test("What is measured is a host and a port, or a URL")
    func targets() throws {
        for (text, host, port) in [
            ("web.example:8080", "web.example", 8_080), ("[::1]:80", "::1", 80),
            ("127.0.0.1:1", "127.0.0.1", 1), ("web.example:65535", "web.example", 65_535),
        ] {
            let request = try ProbeRequest([text, "workload=web", "place=FR"])
            #expect(request.target == .port(host: host, port), "\(text)")
            #expect(request.pause == 2 && request.batch == 10 && request.count == nil)
        }
        for text in [
            "http://web.example/x", "https://web.example", "https://web.example:8443/",
            "http://[::1]:80/a?b=c&d",
        ] {
            let request = try ProbeRequest([text, "workload=web", "place=FR"])
            let url = try #require(URL(string: text))
            #expect(request.target == .page(url), "\(text)")
        }
    }

    @Test(
        "What is missing, unknown or out of range is refused",
        arguments: [
            ["web.example:80", "workload=web"], ["web.example:80", "place=FR"], ["workload=web", "place=FR"],
            ["web.example", "workload=web", "place=FR"], ["web.example:0", "workload=web", "place=FR"],
            ["web.example:65536", "workload=web", "place=FR"],
            ["web.example:80/x", "workload=web", "place=FR"],
            ["http://web.example:0/", "workload=web", "place=FR"],
            ["https:///x", "workload=web", "place=FR"],
            ["web.example:80", "workload=web", "place=FR", "every=0"],
            ["web.example:80", "workload=web", "place=FR", "every=3601"],
            ["web.example:80", "workload=web", "place=FR", "count=0"],
            ["web.example:80", "workload=web", "place=FR", "colour=red"],
            ["web.example:80", "other:80", "workload=web", "place=FR"],
        ])
    func refused(words: [String]) {
        let error = #expect(throws: OperationError.self) { try ProbeRequest(words) }
        #expect(error?.code == .badRequest && error?.next?.contains("tradewind probe") == true)
    }

    @Test("Times are reported in batches; what fails is told and not reported")
    func reports() async throws {
        let request = try ProbeRequest([
            "web.example:80", "workload=web", "place=FR", "every=5", "count=6", "--server", "http://c.test",
        ])
        var reports: [[String]] = []
        var told: [String] = []
        var connections = 0
        var waited = Duration.zero
        try await Probe(
            request: request,
            measure: { target in
                #expect(target == .port(host: "web.example", 80))
                connections += 1
                if connections == 2 { throw Unreachable() }
                return .microseconds(1_500 * connections)
            },
            perform: { reports.append($0) }, pause: { waited += $0 }, tell: { told.append($0) }
        ).run()
        #expect(
            reports == [
                [
                    "workload", "report", "workload=web", "place=FR", "milliseconds=1.5,4.5,6.0,7.5",
                    "--server", "http://c.test",
                ],
                [
                    "workload", "report", "workload=web", "place=FR", "milliseconds=9.0", "--server",
                    "http://c.test",
                ],
            ])
        #expect(
            told == [
                "web.example:80 failed, which is not reported: Unreachable()", "reported 4 times from FR",
                "reported 1 times from FR",
            ])
        #expect(waited == .seconds(25))
    }

    @Test("A report that is refused ends it")
    func refusedReport() async throws {
        let request = try ProbeRequest(["web.example:80", "workload=web", "place=FR", "every=20"])
        let refusal = OperationError(.notFound, "there is no workload web")
        await #expect(throws: refusal) {
            try await Probe(
                request: request, measure: { _ in .milliseconds(1) }, perform: { _ in throw refusal },
                pause: { _ in }, tell: { _ in }
            ).run()
        }
    }
}
