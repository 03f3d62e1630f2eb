import CloudModel
import Operations
import Testing

@Suite("Catalogue")
struct CatalogueTests {
    @Test("Names, routes and parameters hold together")
    func isConsistent() throws {
        var routes: Set<String> = []
        for operation in Catalogue.operations {
            #expect(operation.words.count <= 2, "\(operation.name)")
            #expect(
                routes.insert("\(operation.route.method) \(operation.route.path)").inserted,
                "\(operation.name)")
            #expect(
                Set(operation.parameters.map(\.name)).count == operation.parameters.count, "\(operation.name)"
            )
            #expect(operation.parameter(Catalogue.destination) == nil, "\(operation.name)")
            for name in operation.route.parameters {
                #expect(operation.parameter(name)?.isRequired == true, "\(operation.name) \(name)")
            }
            #expect(!operation.summary.hasSuffix("."), "\(operation.name)")
            for parameter in operation.parameters {
                if let value = parameter.defaultValue {
                    #expect(try parameter.value(of: value) == value, "\(operation.name) \(parameter.name)")
                }
            }
        }
    }

    @Test("Nothing that destroys can be had by GET")
    func getIsSafe() {
        for operation in Catalogue.operations where operation.route.method == .get {
            #expect(operation.effect == .reads, "\(operation.name)")
        }
    }

    @Test("A number that counts a unit says so in its help and in what is expected of it, and no other does")
    func units() {
        let units: [Parameter.Unit] = [.milliseconds, .seconds, .grams]
        for operation in Catalogue.operations {
            for parameter in operation.parameters {
                switch parameter.kind {
                case .integer, .number:
                    let words = parameter.help.split { !$0.isLetter }.map { String($0) }
                    let told = units.first { words.contains($0.name) }
                    #expect(parameter.unit == told, "\(operation.name) \(parameter.name)")
                case .text, .boolean, .choice, .size, .duration, .jid, .list, .document:
                    #expect(parameter.unit == nil, "\(operation.name) \(parameter.name)")
                }
            }
        }
        let lease = Parameter.optional("lease", .integer(1...9), "", in: .seconds)
        #expect(lease.expectation == "a whole number from 1 to 9, in seconds")
    }

    @Test(
        "Sizes",
        arguments: [
            ("512M", 512), ("2G", 2_048), ("2GiB", 2_048), ("2 GiB", 2_048), ("1T", 1_048_576), ("128", 128),
            ("0", 0),
            ("1gb", 1_024),
        ])
    func readsSizes(text: String, mebibytes: Int64) throws {
        #expect(try Parameter.optional("memory", .size, "").value(of: text) == .integer(mebibytes))
    }

    @Test("What is no size", arguments: ["", "M", "-1M", "1.5G", "9999999999999999T", "1K", "G2", "٣M"])
    func refusesSizes(text: String) {
        let error = #expect(throws: OperationError.self) {
            try Parameter.optional("memory", .size, "").value(of: text)
        }
        #expect(error?.code == .badRequest)
        #expect(error?.next == "give memory=SIZE")
    }

    @Test(
        "Times",
        arguments: [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("7", 7_000)])
    func readsTimes(text: String, milliseconds: Int64) throws {
        #expect(try Parameter.optional("for", .duration, "").value(of: text) == .integer(milliseconds))
    }

    @Test("Ranges count their edges")
    func checksRanges() throws {
        let parameter = Parameter.optional("vcpus", .integer(1...1_024), "")
        #expect(try parameter.value(of: "1") == 1)
        #expect(try parameter.value(of: 1_024) == 1_024)
        #expect(throws: OperationError.self) { try parameter.value(of: "0") }
        #expect(throws: OperationError.self) { try parameter.value(of: 1_025) }
        #expect(throws: OperationError.self) { try parameter.value(of: .double(1.5)) }
        let text = Parameter.optional("note", "")
        #expect(throws: Never.self) { try text.value(of: String(repeating: "x", count: Parameter.textLimit)) }
        #expect(throws: OperationError.self) {
            try text.value(of: String(repeating: "x", count: Parameter.textLimit + 1))
        }
        let list = Parameter.optional("only", .list, "")
        let most = Array(repeating: Value.string("a"), count: Parameter.listLimit)
        #expect(try list.value(of: .array(most)) == .array(most))
        #expect(throws: OperationError.self) { try list.value(of: .array(most + ["a"])) }
        #expect(throws: OperationError.self) { try list.value(of: "a,,b") }
    }

    @Test("Arguments: what is missing and what is unknown is said, with what to write")
    func checksArguments() throws {
        let start = try #require(Catalogue.operation("machine.start"))
        let missing = #expect(throws: OperationError.self) { try start.checked([:]) }
        #expect(missing?.message == "machine start needs machine: name or id of the machine")
        #expect(missing?.next == "write: machine start MACHINE")
        let create = try #require(Catalogue.operation("machine.create"))
        let unknown = #expect(throws: OperationError.self) {
            try create.checked(["name": "web-1", "image": "/a", "memroy": "1G"])
        }
        #expect(unknown?.next == "did you mean memory?")
        let checked = try create.checked(["name": "web-1", "image": "/a", "memory": "1G", "disk": .null])
        #expect(checked["memory"] == 1_024)
        #expect(checked["disk"] == 1_024)
        #expect(checked["vcpus"] == 1)
    }

    @Test("An unknown operation gets a guess")
    func guesses() {
        #expect(Catalogue.unknown("machine.strat").next == "did you mean machine.start?")
        #expect(Catalogue.unknown("zebra").next == "ask for help to see all")
    }

    @Test(
        "Suggestions: typing errors are near, other words are not",
        arguments: [
            ("mahcine", "machine"), ("machin", "machine"), ("sit", "site"), ("grants", "grant"),
            ("zebra", nil),
            ("", nil),
        ] as [(String, String?)])
    func suggests(text: String, expected: String?) {
        #expect(Suggestion.closest(to: text, among: ["machine", "site", "grant", "workload"]) == expected)
    }
}
