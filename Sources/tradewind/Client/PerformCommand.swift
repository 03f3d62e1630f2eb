import ArgumentParser
import Operations

/// Performs an operation of the catalogue by asking a running process over HTTP.
struct PerformCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perform", abstract: "Performs an operation (the word perform may be left out).",
        discussion: """
            Parameters are written name=value or --name value. Besides them:
              --json             print the answer as JSON
              --yes              do not ask before something is destroyed
              --server URL       the process to ask (or TRADEWIND_SERVER; http://127.0.0.1:8640)
              --token-file FILE  the token to show (or TRADEWIND_TOKEN_FILE, or TRADEWIND_TOKEN)
              --config FILE      take both from the configuration of a local process
              --at SITE          perform it at another site
            """)

    @Argument(parsing: .captureForPassthrough, help: "The operation and its parameters.")
    var words: [String] = []

    func run() async throws {
        if self.words.isEmpty || ["--help", "-h", "help"].contains(self.words[0]) {
            throw CleanExit.helpRequest(self.words.isEmpty ? Tradewind.self : Self.self)
        }
        do {
            try await OperationClient(words: self.words).run()
        } catch let error as OperationError {
            throw ClientFailure(error).told()
        }
    }
}
