import ArgumentParser
import Operations

/// Runs the roles that a configuration names until it is told to end.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs an agent, a coordinator or both, as the configuration says.")

    @Option(help: "The configuration, as tradewind init writes it.")
    var config: String

    func run() async throws {
        do {
            try await SiteProcess.run(ServeConfiguration.reading(self.config))
        } catch let error as OperationError {
            throw ClientFailure(error).told()
        }
    }
}
