import CloudModel
import Operations
import Placement
import TestSupport
import Testing

@Suite("The page about what can be asked of a placement")
struct RequestPageTests {
    private struct Row {
        let names: [String]
        /// What the page says of each name, or of all together.
        let defaults: [String]
        let example: String

        /// Reads a line of a table; nil for other lines and for its head.
        init?(_ line: Substring) throws {
            guard line.hasPrefix("| `") else { return nil }
            let cells = line.split(separator: "|").map { $0.trimming(" ") }
            try #require(cells.count == 4, "\(line)")
            self.names = cells[0].split(separator: ",").map { $0.trimming(" `") }
            self.defaults = cells[1].split(separator: ",").map { $0.trimming(" ") }
            self.example = cells[3].trimming("`")
        }
    }

    private static func rows() throws -> [Row] {
        try RepositoryFolder.text(of: "Sources/Coordinator/Coordinator.docc/Requests.md")
            .split(separator: "\n").compactMap { try Row($0) }
    }

    /// What a parameter is if it is left out, as people write it.
    private static func usual(_ parameter: Parameter) -> String? {
        switch (parameter.kind, parameter.defaultValue) {
        case (.size, .some(.integer(let size))): size % 1_024 == 0 ? "\(size / 1_024)G" : "\(size)M"
        case (_, .some(.integer(let number))): "\(number)"
        case (_, .some(.double(let number))): number.rounded() == number ? "\(Int(number))" : "\(number)"
        case (_, .some(.bool(let flag))): flag ? "yes" : "no"
        case (_, .some(.string(let text))): text
        case (_, .some(.null)), (_, .some(.array)), (_, .some(.object)), (_, .none): nil
        }
    }

    @Test("It names every wish there is, once and with its default, and no other")
    func names() throws {
        let place = try #require(Catalogue.operation("workload.place"))
        let plan = try #require(Catalogue.operation("workload.plan"))
        #expect(plan.parameters == place.parameters.filter { $0.name != "wait" })
        let rows = try Self.rows()
        #expect(rows.flatMap(\.names).sorted() == place.parameters.map(\.name).sorted())
        for row in rows {
            for (index, name) in row.names.enumerated() {
                let parameter = try #require(place.parameters.first { $0.name == name }, "\(name)")
                let told = row.defaults.count == row.names.count ? row.defaults[index] : ""
                if let usual = Self.usual(parameter) { #expect(told == "`\(usual)`", "\(name)") }
                #expect((told == "must be given") == parameter.isRequired, "\(name)")
            }
        }
    }

    @Test("Its examples can be asked for, and each has what it is for")
    func examples() throws {
        let reader = CommandReader(suggesting: Catalogue.operations)
        for row in try Self.rows() {
            let wishes = try ChatTokenizer.tokens(of: row.example)
            let given = Set(wishes.compactMap(\.key))
            #expect(given.isSuperset(of: row.names), "\(row.example)")
            let needed = ["name=web", "image=/images/web.qcow2"].filter { wish in
                !given.contains { wish.hasPrefix("\($0)=") }
            }
            let line = "workload place \(needed.joined(separator: " ")) \(row.example)"
            let command = try reader.command(try ChatTokenizer.tokens(of: line))
            let invocation = Invocation(
                operation: command.operation.name, arguments: command.arguments,
                caller: CoordinatorBench.alice)
            #expect(throws: Never.self, "\(row.example)") {
                try WorkloadSpecification(invocation).validate()
            }
        }
    }
}

extension StringProtocol {
    /// Without any of `characters` at either end.
    fileprivate func trimming(_ characters: String) -> String {
        let rest = self.drop { characters.contains($0) }
        return String(rest.reversed().drop { characters.contains($0) }.reversed())
    }
}
