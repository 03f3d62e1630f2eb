import ArgumentParser

/// The one executable: serves the roles of a site, sets a site up, and performs every operation of the catalogue.
@main
struct Tradewind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tradewind",
        abstract: "Joins clouds of different owners into one federation, over XMPP.",
        discussion: """
            Every operation is a command too: tradewind machine list, tradewind workload place …
            See them all with: tradewind operations
            """,
        subcommands: [
            ServeCommand.self, InitCommand.self, DoctorCommand.self, OperationsCommand.self,
            ProbeCommand.self, PerformCommand.self,
        ],
        defaultSubcommand: PerformCommand.self)
}
