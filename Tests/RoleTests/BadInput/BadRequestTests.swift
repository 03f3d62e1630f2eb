import CloudModel
import Coordinator
import Operations
import Placement
import Testing
import XML

/// Requests that nobody could fulfil, as they come in by HTTP, chat and XMPP.
@Suite("Bad requests for workloads", .timeLimit(.minutes(2)))
struct BadRequestTests {
    /// The ways in; each ends in the arguments that the table of operations is given.
    enum Face: CaseIterable {
        /// The members of a JSON body.
        case http
        /// A line of chat.
        case chat
        /// An IQ with `<invoke/>`.
        case iq
    }

    /// `text` as it is typed; `json` is what stands for it in a body, if that is no text.
    struct Case: Sendable {
        let field: String
        let text: String
        let json: String?

        init(_ field: String, _ text: String, json: String? = nil) {
            (self.field, self.text, self.json) = (field, text, json)
        }
    }

    private static let usual: [(String, String)] = [
        ("name", "web"), ("image", "/images/web"), ("format", "raw"), ("memory", "1G"), ("disk", "1G"),
    ]

    /// What `face` makes of those arguments beside the usual ones.
    private func invocation(_ given: [Case], by face: Face) throws -> Invocation {
        let named = Set(given.map(\.field))
        let all = Self.usual.filter { !named.contains($0.0) }.map { Case($0.0, $0.1) } + given
        var arguments: [String: Value] = [:]
        switch face {
        case .http:
            let members = all.map { "\"\($0.field)\":" + ($0.json ?? Value.string($0.text).json()) }
            let body = try JSONParser.parse("{" + members.joined(separator: ",") + "}")
            for member in body.object?.members ?? [] { arguments[member.name] = member.value }
        case .chat:
            let words = all.map { "\($0.field)=\"\($0.text)\"" }.joined(separator: " ")
            let tokens = try ChatTokenizer.tokens(of: "workload plan " + words)
            arguments = try CommandReader(suggesting: Catalogue.operations).command(tokens).arguments
        case .iq:
            let texts = Dictionary(uniqueKeysWithValues: all.map { ($0.field, Value.string($0.text)) })
            let sent = Invoke(
                operation: "workload.plan", arguments: texts, behalf: nil, idempotencyKey: nil)
            arguments = try Invoke(parsing: sent.element).arguments
        }
        return Invocation(operation: "workload.plan", arguments: arguments, caller: CoordinatorBench.alice)
    }

    /// What becomes of such a request: nil if it is one like any other.
    private func error(
        _ given: [Case], by face: Face, _ table: OperationTable
    ) async throws -> OperationError? {
        do {
            let plan = try self.invocation(given, by: face)
            _ = try await table.perform(plan)
            return nil
        } catch let error as OperationError {
            return error
        } catch is JSONParser.Problem {
            // The face says so itself: 400, with the byte.
            return OperationError(.badRequest, "\(given.map(\.field)): no JSON", next: "send JSON")
        }
    }

    private static let absurd: [Case] = [
        Case("name", "Web Server"), Case("name", "-web"), Case("name", String(repeating: "a", count: 49)),
        Case("replicas", "1000000000", json: "1000000000"), Case("replicas", "-1", json: "-1"),
        Case("replicas", "0", json: "0"), Case("replicas", "1.5", json: "1.5"), Case("replicas", "many"),
        Case("replicas", "99999999999999999999"), Case("vcpus", "0", json: "0"),
        Case("memory", "-1G"), Case("memory", "-1", json: "-1"), Case("memory", "12 parsecs"),
        Case("memory", "1Q"), Case("memory", "99999999999999999999T"), Case("memory", "0"),
        Case("memory", "9223372036854775807", json: "9223372036854775807"),
        Case("disk", "-5M"), Case("disk", "2000000T"),
        Case("weight-load", "NaN", json: "NaN"), Case("weight-load", "inf"), Case("weight-price", "-1"),
        Case("weight-latency", "1e999"), Case("weight-carbon", "1000001", json: "1000001"),
        Case("max-latency", "nan"), Case("max-latency", "60001"), Case("max-price", "0"),
        Case("max-carbon", "-1"), Case("target", "60001"), Case("audience", "JP:nan"),
        Case("audience", "JP:-1"), Case("audience", "JP:0"), Case("audience", "JP:1e-300"),
        Case("audience", "atlantis"), Case("audience", "91/0"), Case("audience", "XX"),
        Case("audience", "workload/No Name"), Case("countries", "ATLANTIS"), Case("regions", "utopia"),
        Case("labels", "gpu"), Case("labels", ":yes"), Case("only", "@@"), Case("avoid", "a b@c"),
        Case("lease", "9"), Case("lease", "1h"), Case("minimum", "2"), Case("minimum", "-1"),
        Case("priority", "101"), Case("priority", "-101"), Case("priority", "high"), Case("hosts", "far"),
        Case("per-site", "0"), Case("gang", "maybe"), Case("image", "relative"), Case("sha256", "abc"),
        Case("image", "https://example.org/web"), Case("colour", "red"),
    ]

    @Test(
        "What is absurd is refused on every face, with the field or the text that is wrong",
        arguments: Face.allCases)
    func absurd(face: Face) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            #expect(try await self.error([], by: face, table) == nil)
            for bad in Self.absurd {
                let error = try await self.error([bad], by: face, table)
                #expect(error?.code == .badRequest, "\(bad)")
                let message = error?.message ?? ""
                #expect(message.contains(bad.field) || message.contains(bad.text), "\(bad): \(message)")
                #expect(message.utf8.count < 500, "\(bad)")
            }
        }
        #expect(bench.sites.read { $0.asked.isEmpty })
    }

    @Test("What the catalogue says of a bound is what is accepted of it, to the edge")
    func edges() throws {
        let parameters = try #require(Catalogue.operation("workload.place")).parameters
        for (name, wish) in Self.bounds {
            guard case .number(let range) = parameters.first(where: { $0.name == name })?.kind else {
                Issue.record("\(name) is no number")
                continue
            }
            func problems(_ bound: Double) -> [String] {
                var specification = CoordinatorBench.specification()
                wish(&specification, bound)
                do throws(SpecificationError) {
                    try specification.validate()
                    return []
                } catch {
                    return error.problems.map(\.field)
                }
            }
            #expect(problems(range.lowerBound) == [] && problems(range.upperBound) == [], "\(name)")
            for beyond in [0, range.lowerBound.nextDown, range.upperBound.nextUp] {
                #expect(problems(beyond) == [name])
            }
        }
    }

    private static let bounds: [(String, @Sendable (inout WorkloadSpecification, Double) -> Void)] = [
        ("target", { $0.audience.target = $1 }),
        ("max-latency", { $0.constraints = [.latencyAtMost(milliseconds: $1)] }),
        ("max-price", { $0.constraints = [.priceAtMost(perHour: $1)] }),
        ("max-carbon", { $0.constraints = [.carbonAtMost(gramsPerHour: $1)] }),
    ]

    private static let contradictions: [([Case], String)] = [
        ([Case("countries", "FR"), Case("regions", "mercosur")], "countries"),
        ([Case("only", "paris.test"), Case("avoid", "PARIS.test")], "only"),
        ([Case("labels", "gpu:no"), Case("features", "gpu")], "features"),
        ([Case("beside", "db"), Case("apart", "db")], "beside"),
        ([Case("only", "paris.test"), Case("per-site", "1"), Case("replicas", "2")], "per-site"),
        ([Case("target", "50")], "target"),
        ([Case("beside", "web")], "name"),
        (
            ["latency", "price", "carbon", "load", "room"].map { Case("weight-\($0)", "0") },
            "weight-latency"
        ),
    ]

    @Test("What no site could ever meet is refused at once, and says why", arguments: Face.allCases)
    func contradictory(face: Face) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            for (given, field) in Self.contradictions {
                let error = try await self.error(given, by: face, table)
                #expect(error?.code == .badRequest, "\(given)")
                #expect(error?.message.contains("\(field): ") == true, "\(error?.message ?? "")")
                #expect(error?.next != nil)
            }
        }
        #expect(bench.sites.read { $0.asked.isEmpty })
    }

    @Test(
        "A megabyte in any parameter is refused, and the error does not repeat it", arguments: Face.allCases)
    func megabytes(face: Face) async throws {
        let bench = try CoordinatorBench()
        let parameters = try #require(Catalogue.operation("workload.plan")).parameters
        // A megabyte of labels; in each parameter as much as is beyond every limit.
        let long = String(repeating: "a", count: 100_000)
        let list = "[\"" + long + "\"]"
        let labels = "[" + (0..<100_000).map { "\"a\($0):b\"" }.joined(separator: ",") + "]"
        try await bench.run { _, table in
            for parameter in parameters {
                let error = try await self.error(
                    [Case(parameter.name, long, json: parameter.kind == .list ? list : nil)], by: face, table)
                #expect(error?.code == .badRequest || error?.code == .tooLarge, "\(parameter.name)")
                #expect((error?.message.utf8.count ?? .max) < 500, "\(parameter.name)")
            }
            for unknown in [Case(long, "1"), Case("labels", long + ":b", json: labels)] {
                let error = try await self.error([unknown], by: face, table)
                #expect(error?.code == .badRequest || error?.code == .tooLarge)
                #expect((error?.message.utf8.count ?? .max) < 500)
            }
        }
        #expect(bench.sites.read { $0.asked.isEmpty })
    }

    @Test("The most that each list takes is taken or refused with a short error", arguments: Face.allCases)
    func fullLists(face: Face) async throws {
        let bench = try CoordinatorBench()
        let entry = String(repeating: "é", count: 25)
        let parameters = try #require(Catalogue.operation("workload.plan")).parameters
        try await bench.run { _, table in
            for parameter in parameters where parameter.kind == .list {
                let entries = (0..<Parameter.listLimit).map { "\(entry)\($0)" }
                let error = try await self.error(
                    [Case(parameter.name, entries.joined(separator: ","))], by: face, table)
                #expect((error?.message.utf8.count ?? 0) < 1_000, "\(parameter.name)")
            }
        }
    }
}
