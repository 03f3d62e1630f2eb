import ArgumentParser
import CloudModel
import Foundation
import Operations

/// Looks for faults: asks the agent to look, or looks itself if none runs.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks for faults of this site, or on the way to another one, and says how to mend them.",
        discussion: """
            The agent looks if it runs; otherwise this command does what it can with the configuration alone.
            Ends with 1 if there is a fault, with 0 if there is none. The same as the operation: site check [PEER]
            """)

    @Argument(help: "The address of another site; this site itself if left out.")
    var peer: String?

    @Flag(help: "Print the findings as JSON.")
    var json = false

    @Option(
        help: "Take server and token from the configuration of a local process; look by it if no agent runs.")
    var config: String?

    @Option(help: "The process to ask (or TRADEWIND_SERVER; http://127.0.0.1:8640).")
    var server: String?

    @Option(help: "The token to show (or TRADEWIND_TOKEN_FILE, or TRADEWIND_TOKEN).")
    var tokenFile: String?

    @Option(help: "The site that shall look, if not the one that is asked.")
    var at: String?

    func run() async throws {
        do {
            try self.end(with: try await self.report())
        } catch let error as OperationError {
            throw ClientFailure(error).told()
        }
    }

    private func report() async throws -> FindingReport {
        do {
            let answer = try await OperationClient(words: self.words).answer()
            guard let report = FindingReport(answer.result.value) else {
                throw OperationError(
                    .internalError, "the answer holds no findings", next: "is the agent of another version?")
            }
            return report
        } catch let error as OperationError where error.code == .unavailable && error.site == nil {
            guard let config, self.at == nil else {
                throw OperationError(
                    error.code, error.message, next: "to look without an agent, give --config FILE")
            }
            return try await LocalDoctor(path: config, unanswered: error.message).report(self.peer) { text in
                OperationClient.tell(text)
            }
        }
    }

    /// The operation, as the command line takes it.
    private var words: [String] {
        var words = ["site", "check"]
        if let peer { words.append("peer=\(peer)") }
        let options = [
            ("--config", self.config), ("--server", self.server), ("--token-file", self.tokenFile),
            ("at", self.at),
        ]
        for (name, value) in options {
            if let value { words.append("\(name)=\(value)") }
        }
        return words
    }

    private func end(with report: FindingReport) throws {
        if self.json {
            print(try report.result(at: SiteID("")).value.json(indented: true))
        } else {
            let isTerminal = isatty(STDOUT_FILENO) == 1
            let isColored = isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
            print(FindingText(isColored ? .colored : .plain).text(of: report))
        }
        if report.verdict == .fault { throw ExitCode(1) }
    }
}
