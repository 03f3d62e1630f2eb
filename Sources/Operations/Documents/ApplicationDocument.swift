package import CloudModel

/// Reads an application as a person or a program wrote it; whatever is wrong is told with its line or path.
///
/// ```yaml
/// application: shop
/// defaults: {vcpus: 1, memory: 128 MiB, disk: 64 MiB, image: /images/disk.qcow2}
/// parts:
///   db: {countries: [FR]}
///   web: {replicas: 2, after: [db], within: {db: 20 ms}}
/// ```
///
/// A part takes every parameter of `workload.place` that says what is to run, under the same name.
package struct ApplicationDocument {
    private let defaults: [DocumentNode.Member]

    /// Reads the value of a parameter: a text in YAML or JSON, or the object itself.
    package static func specification(from value: Value) throws(OperationError) -> ApplicationSpecification {
        let root: DocumentNode
        if let text = value.string {
            root = try DocumentNode.reading(text)
        } else {
            let bytes = value.json().utf8.count
            guard bytes <= DocumentLimits.bytes else { throw DocumentNode.tooLarge(bytes) }
            root = try DocumentNode(value)
        }
        let members = try DocumentPlace.root.members(of: root)
        let known = ["application", "defaults", "parts"]
        for member in members where !known.contains(member.name) {
            throw DocumentPlace.root.unknown(member, among: known)
        }
        let name = try Self.name(in: members, of: root)
        let defaults = try members.first { $0.name == "defaults" }.map(Self.defaults) ?? []
        let specification = ApplicationSpecification(
            name: name, parts: try Self(defaults: defaults).parts(in: members))
        try Self.check(specification)
        return specification
    }

    private static func name(
        in members: [DocumentNode.Member], of root: DocumentNode
    ) throws(OperationError) -> String {
        guard let member = members.first(where: { $0.name == "application" }) else {
            throw DocumentPlace.root.error(
                root, "the document needs a name", next: "write “application: shop”")
        }
        let place = DocumentPlace.root.inside("application")
        return try place.name(try place.text(of: member.node), at: member.node)
    }

    private static func defaults(
        _ member: DocumentNode.Member
    ) throws(OperationError) -> [DocumentNode.Member] {
        let place = DocumentPlace.root.inside("defaults")
        let members = try place.members(of: member.node)
        let known = Catalogue.partWishes.map(\.name)
        for member in members where !known.contains(member.name) {
            throw place.unknown(member, among: known)
        }
        return members
    }

    private func parts(
        in members: [DocumentNode.Member]
    ) throws(OperationError) -> [ApplicationSpecification.Part] {
        let place = DocumentPlace.root.inside("parts")
        let example = "write “parts:” and below it each part's name with what it wants"
        guard let parts = members.first(where: { $0.name == "parts" })?.node else {
            throw OperationError(.badRequest, "the document names no parts", next: example)
        }
        let named = try place.members(of: parts)
        guard (1...ApplicationSpecification.partLimit).contains(named.count) else {
            throw place.error(
                parts, "there are \(named.count), 1 to \(ApplicationSpecification.partLimit) are taken",
                next: named.isEmpty ? example : "make two applications of it")
        }
        var result: [ApplicationSpecification.Part] = []
        for member in named { result.append(try self.part(member, at: place.inside(member.name))) }
        return result
    }

    private func part(
        _ member: DocumentNode.Member, at place: DocumentPlace
    ) throws(OperationError) -> ApplicationSpecification.Part {
        let name = try place.name(member.name, at: member.node)
        var after: [String] = []
        var bounds: [ApplicationSpecification.Bound] = []
        var arguments: [String: Value] = [:]
        let written = try place.members(of: member.node)
        let wishes = Catalogue.partWishes
        for wish in written {
            let inside = place.inside(wish.name)
            switch wish.name {
            case "after": after = try inside.texts(of: wish.node)
            case "within": bounds = try inside.bounds(in: wish.node)
            case let other:
                guard let parameter = wishes.first(where: { $0.name == other }) else {
                    throw place.unknown(wish, among: wishes.map(\.name) + ["after", "within"])
                }
                arguments[other] = try inside.value(of: parameter, in: wish.node)
            }
        }
        for wish in self.defaults where arguments[wish.name] == nil {
            guard let parameter = wishes.first(where: { $0.name == wish.name }) else { continue }
            let inside = DocumentPlace.root.inside("defaults").inside(wish.name)
            arguments[wish.name] = try inside.value(of: parameter, in: wish.node)
        }
        for parameter in wishes where arguments[parameter.name] == nil {
            if parameter.isRequired {
                throw place.error(
                    member.node, "\(parameter.name) is missing: \(parameter.help)",
                    next: "write “\(parameter.name): …”, \(parameter.expectation)")
            }
            arguments[parameter.name] = parameter.defaultValue
        }
        arguments["name"] = .string(name)
        let workload = try place.workload(arguments, at: member.node)
        return ApplicationSpecification.Part(workload: workload, after: after, bounds: bounds)
    }

    /// What concerns several parts.
    private static func check(_ specification: ApplicationSpecification) throws(OperationError) {
        for part in specification.parts {
            for (wish, names) in [("after", part.after), ("within", part.bounds.map(\.part))] {
                let place = DocumentPlace.root.inside("parts").inside(part.name).inside(wish)
                for name in names where specification[part: name] == nil || name == part.name {
                    let others = specification.parts.map(\.name).filter { $0 != part.name }
                    throw OperationError(
                        .badRequest, "\(place.path): \(name.quoted) is no other part",
                        next: Suggestion.closest(to: name, among: others).map { "did you mean \($0)?" }
                            ?? (others.isEmpty
                                ? "leave it out" : "there are " + others.joined(separator: ", ")))
                }
                guard Set(names).count == names.count else {
                    throw OperationError(
                        .badRequest, "\(place.path): a part is named twice", next: "name each once")
                }
            }
        }
        if let circle = specification.circle {
            throw OperationError(
                .badRequest,
                "parts: \((circle + circle.prefix(1)).joined(separator: " waits for ")), in a circle",
                next: "leave out one “after” or “within” of these"
            )
        }
    }
}
