import ArgumentParser
import Operations
import XMPPTransport

/// Measures from here how long it takes to connect to a workload, and reports it as its users' response time.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Measures response times from here and reports them for a workload.",
        usage: "tradewind probe HOST:PORT|URL workload=NAME place=PLACE [every=SECONDS] [count=N]",
        discussion: """
            Connects to HOST:PORT every 2 seconds (every=), count= times or until it is stopped, and reports how long
            that took about every 20 seconds. PLACE is where this computer is: a country (FR), a site or
            LATITUDE/LONGITUDE. Which process is told is said as for every operation: --server, --token-file, --config.
            """)

    @Argument(parsing: .captureForPassthrough, help: "What is measured, for which workload, and where.")
    var words: [String] = []

    func run() async throws {
        if self.words.isEmpty || ["--help", "-h", "help"].contains(self.words[0]) {
            throw CleanExit.helpRequest(Self.self)
        }
        do {
            let prober = PortProbe()
            try await Probe(
                request: try ProbeRequest(self.words), connect: { try await prober.connect($0, $1) },
                perform: { _ = try await OperationClient(words: $0).answer() },
                pause: { try await Task.sleep(for: $0) }, tell: { OperationClient.tell($0) }
            ).run()
        } catch let error as OperationError {
            throw ClientFailure(error).told()
        }
    }
}
