import ArgumentParser
import Operations
import XMPPTransport

/// Measures from here how long a workload takes to answer, and reports it as its users' response time.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Measures response times from here and reports them for a workload.",
        usage: "tradewind probe HOST:PORT|URL workload=NAME place=PLACE [every=SECONDS] [count=N]",
        discussion: """
            Every 2 seconds (every=), count= times or until it is stopped, connects to HOST:PORT, or sends a GET to the
            http: or https: URL over a new connection, and reports about every 20 seconds how long that took: until it
            was connected, or until the head of the answer was there. What fails is told here and not reported: no
            connection (5 s), no answer (10 s), and a status that is not 2xx; redirects are not followed.
            PLACE is where this computer is: a country (FR), a site or LATITUDE/LONGITUDE. Which process is told is
            said as for every operation: --server, --token-file, --config.
            """)

    @Argument(parsing: .captureForPassthrough, help: "What is measured, for which workload, and where.")
    var words: [String] = []

    func run() async throws {
        if self.words.isEmpty || ["--help", "-h", "help"].contains(self.words[0]) {
            throw CleanExit.helpRequest(Self.self)
        }
        do {
            try await Probe(
                request: try ProbeRequest(self.words), measure: { try await Self.measure($0) },
                perform: { _ = try await OperationClient(words: $0).answer() },
                pause: { try await Task.sleep(for: $0) }, tell: { OperationClient.tell($0) }
            ).run()
        } catch let error as OperationError {
            throw ClientFailure(error).told()
        }
    }

    private static func measure(_ target: ProbeRequest.Target) async throws -> Duration {
        switch target {
        case .port(let host, let port): try await PortProbe().connect(host, port)
        case .page(let url): try await AnswerProbe().get(url)
        }
    }
}
