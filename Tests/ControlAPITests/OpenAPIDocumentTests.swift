import ControlAPI
import Operations
import Testing

@Suite("OpenAPIDocument")
struct OpenAPIDocumentTests {
    @Test("Each operation is there once, at its route, with each of its parameters once")
    func coversTheCatalogue() throws {
        let paths = try #require(OpenAPIDocument.value.value(at: "paths")?.object)
        for operation in Catalogue.operations {
            let item = try #require(
                paths[operation.route.path]?.value(at: operation.route.method.rawValue.lowercased()))
            #expect(item.value(at: "operationId") == .string(operation.name))
            let listed =
                item.value(at: "parameters")?.array?.compactMap { $0.value(at: "name")?.string } ?? []
            let body =
                item.value(at: "requestBody.content")?.object?["application/json"]?
                .value(at: "schema.properties")?.object?.members.map(\.name) ?? []
            let special = [Catalogue.destination, "Idempotency-Key", "Last-Event-ID"]
            #expect(
                (listed + body).filter { !special.contains($0) }.sorted()
                    == operation.parameters.map(\.name).sorted(), "\(operation.name)")
        }
        let count = paths.members.reduce(0) { $0 + ($1.value.object?.members.count ?? 0) }
        #expect(count == Catalogue.operations.count)
    }

    @Test("Every path parameter is declared, and every reference leads somewhere")
    func isSound() throws {
        let document = OpenAPIDocument.value
        for path in document.value(at: "paths")?.object?.members ?? [] {
            let names = path.name.split(separator: "/").filter { $0.hasPrefix("{") }
                .map { String($0.dropFirst().dropLast()) }
            for item in path.value.object?.members ?? [] {
                let declared = item.value.value(at: "parameters")?.array?
                    .filter { $0.value(at: "in") == "path" }.compactMap { $0.value(at: "name")?.string }
                #expect(declared == names, "\(path.name)")
            }
        }
        for reference in Self.references(in: document) {
            let place = reference.dropFirst(2).split(separator: "/").joined(separator: ".")
            #expect(document.value(at: place) != nil, "\(reference)")
        }
        #expect(try JSONParser.parse(document.json()).object?.members.count == 6)
    }

    private static func references(in value: Value) -> [String] {
        switch value {
        case .null, .bool, .integer, .double, .string: return []
        case .array(let elements): return elements.flatMap(Self.references)
        case .object(let object):
            return object.members.flatMap { member in
                member.name == "$ref"
                    ? [member.value.string].compactMap { $0 } : Self.references(in: member.value)
            }
        }
    }
}
