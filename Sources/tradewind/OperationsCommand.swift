import ArgumentParser
import Operations

/// Lists what can be done, without asking anybody.
struct OperationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operations", abstract: "Lists all operations, or explains one: operations machine start"
    )

    @Argument(help: "The words of an operation.")
    var words: [String] = []

    func run() throws {
        do throws(OperationError) {
            print(try HelpText(permitted: Catalogue.operations).text(self.words))
        } catch {
            throw ClientFailure(error).told()
        }
    }
}
