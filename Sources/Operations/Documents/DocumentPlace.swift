import CloudModel

/// Where in a document something is, to say so if it is wrong.
struct DocumentPlace {
    /// `parts.web.memory`; empty for the document as a whole.
    let path: String

    static let root = Self(path: "")

    func inside(_ name: String) -> Self {
        let name = String(name.prefix(64))
        return Self(path: self.path.isEmpty ? name : "\(self.path).\(name)")
    }

    /// An error that names the line, if there is one, and the path.
    func error(_ node: DocumentNode, _ text: String, next: String?) -> OperationError {
        let line = node.line.map { "line \($0)" }
        let place = [line, self.path.isEmpty ? nil : self.path].compactMap(\.self).joined(separator: ", ")
        return OperationError(.badRequest, place.isEmpty ? text : "\(place): \(text)", next: next)
    }

    func unknown(_ member: DocumentNode.Member, among known: [String]) -> OperationError {
        let next =
            Suggestion.closest(to: member.name, among: known).map { "did you mean \($0)?" }
            ?? "it takes " + known.joined(separator: ", ")
        return self.error(member.node, "there is no \(member.name.quoted)", next: next)
    }

    // MARK: Reading

    func members(of node: DocumentNode) throws(OperationError) -> [DocumentNode.Member] {
        guard case .map(let members) = node.content else {
            throw self.error(
                node, "expected names with values, not \(node.kind)",
                next: "write “name: value” on lines below it")
        }
        return members
    }

    func text(of node: DocumentNode) throws(OperationError) -> String {
        guard case .scalar(let value) = node.content else {
            throw self.error(
                node, "expected a text, not \(node.kind)", next: "write one word or a text in quotes")
        }
        return value.string ?? value.json()
    }

    /// A list of texts; one text alone counts as a list of one.
    func texts(of node: DocumentNode) throws(OperationError) -> [String] {
        guard case .list(let nodes) = node.content else { return [try self.text(of: node)] }
        guard nodes.count <= Parameter.listLimit else {
            throw self.error(
                node, "there are \(nodes.count) entries, at most \(Parameter.listLimit) are taken",
                next: "leave some out")
        }
        var texts: [String] = []
        for node in nodes { texts.append(try self.text(of: node)) }
        return texts
    }

    /// The name of an application or a part.
    func name(_ text: String, at node: DocumentNode) throws(OperationError) -> String {
        guard MachineSpecification.isName(text, atMost: ApplicationSpecification.nameMax) else {
            throw self.error(
                node,
                "a name has 1 to \(ApplicationSpecification.nameMax) characters of a–z, 0–9 and inner -",
                next: "choose a name such as web-2")
        }
        return text
    }

    func bounds(in node: DocumentNode) throws(OperationError) -> [ApplicationSpecification.Bound] {
        var bounds: [ApplicationSpecification.Bound] = []
        for member in try self.members(of: node) {
            let place = self.inside(member.name)
            let text = try place.text(of: member.node)
            let unit = Parameter.Unit.milliseconds
            guard let limit = unit.number(in: text), limit > 0 else {
                throw place.error(
                    member.node, "must be \(unit.example); \(text.quoted) is not", next: "write “31 ms”"
                )
            }
            bounds.append(ApplicationSpecification.Bound(part: member.name, milliseconds: limit))
        }
        return bounds
    }

    /// The value of one parameter, as the command line and HTTP take it too.
    func value(of parameter: Parameter, in node: DocumentNode) throws(OperationError) -> Value {
        let value: Value
        switch (node.content, parameter.kind) {
        case (.nothing, _):
            throw self.error(
                node, "has no value", next: "write \(parameter.expectation), or leave \(parameter.name) out")
        case (.list, .list): value = .array(try self.texts(of: node).map(Value.string))
        case (.map(let members), .list) where parameter.name == "labels":
            var pairs: [Value] = []
            for member in members {
                let text = try self.inside(member.name).text(of: member.node)
                pairs.append(.string("\(member.name):\(text)"))
            }
            value = .array(pairs)
        case (.list, _), (.map, _):
            throw self.error(
                node, "must be \(parameter.expectation), not \(node.kind)",
                next: "give \(parameter.name) one value")
        case (.scalar(let scalar), _): value = try self.number(in: scalar, of: parameter, at: node) ?? scalar
        }
        do throws(OperationError) {
            return try parameter.value(of: value)
        } catch {
            throw self.error(node, error.message, next: error.next)
        }
    }

    /// What a text with a unit stands for; nil if the parameter counts nothing that has one.
    private func number(
        in value: Value, of parameter: Parameter, at node: DocumentNode
    ) throws(OperationError) -> Value? {
        guard let text = value.string, let unit = parameter.unit else {
            return nil
        }
        guard let number = unit.number(in: text) else {
            throw self.error(
                node, "\(parameter.name) must be \(unit.example); \(text.quoted) is not",
                next: "write it with its unit, or as a plain number in the first of them")
        }
        if case .integer = parameter.kind, let whole = Int64(exactly: number) { return .integer(whole) }
        return .double(number)
    }

    func workload(
        _ arguments: [String: Value], at node: DocumentNode
    ) throws(OperationError) -> WorkloadSpecification {
        let nobody = GrantBook.Caller(address: "", domain: "")
        do throws(OperationError) {
            return try WorkloadSpecification(
                Invocation(operation: "workload.place", arguments: arguments, caller: nobody))
        } catch {
            throw self.error(node, error.message, next: error.next)
        }
    }
}
