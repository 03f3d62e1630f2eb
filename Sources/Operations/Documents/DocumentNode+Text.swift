import Yams

extension DocumentNode {
    /// Reads a text: JSON if it begins with a brace, else YAML.
    static func reading(_ text: String) throws(OperationError) -> DocumentNode {
        guard text.utf8.count <= DocumentLimits.bytes else { throw Self.tooLarge(text.utf8.count) }
        let first = text.unicodeScalars.first { !$0.properties.isWhitespace && $0 != "\u{FEFF}" }
        guard let first else {
            throw OperationError(
                .badRequest, "the document is empty", next: "write “application: NAME” and “parts:”")
        }
        return first == "{" ? try self.json(text) : try self.yaml(text)
    }

    static func tooLarge(_ bytes: Int) -> OperationError {
        OperationError(
            .tooLarge, "the document has \(bytes) bytes, at most \(DocumentLimits.bytes) are taken",
            next: "leave out comments, or make two applications of it")
    }

    private static func json(_ text: String) throws(OperationError) -> DocumentNode {
        let value: Value
        do throws(JSONParser.Problem) {
            value = try JSONParser.parse(text)
        } catch {
            let line = 1 + text.utf8.prefix(error.offset).count { $0 == UInt8(ascii: "\n") }
            throw OperationError(
                .badRequest, "line \(line): the document is no JSON: \(error.reason)",
                next: "mend that line; a document that begins with { is read as JSON, any other as YAML")
        }
        return try DocumentNode(value)
    }

    private static func yaml(_ text: String) throws(OperationError) -> DocumentNode {
        try self.checkAnchors(in: text)
        let root: Node?
        do {
            root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch {
            throw self.problem(error)
        }
        guard let root else {
            throw OperationError(
                .badRequest, "the document is empty", next: "write “application: NAME” and “parts:”")
        }
        return try DocumentNode(root, depth: 1)
    }

    private init(_ node: Node, depth: Int) throws(OperationError) {
        let line = node.mark?.line
        try Self.check(depth: depth, line: line)
        self.line = line
        switch node {
        case .scalar(let scalar):
            let isNothing = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            self.content = isNothing ? .nothing : .scalar(.string(scalar.string))
        case .sequence(let sequence):
            var nodes: [DocumentNode] = []
            for element in sequence { nodes.append(try DocumentNode(element, depth: depth + 1)) }
            self.content = .list(nodes)
        case .mapping(let mapping):
            self.content = .map(try Self.members(of: mapping, depth: depth))
        case .alias:
            throw Self.anchor(at: line ?? 1)
        }
    }

    private static func members(
        of mapping: Node.Mapping, depth: Int
    ) throws(OperationError) -> [Member] {
        var members: [Member] = []
        for (key, value) in mapping {
            guard case .scalar(let name) = key else {
                throw OperationError(
                    .badRequest, "line \(key.mark?.line ?? 1): a name must be a text, not a list or a group",
                    next: "write “name: value”")
            }
            guard !members.contains(where: { $0.name == name.string }) else {
                throw self.twice([name.string], at: key.mark?.line ?? 1)
            }
            let node = try DocumentNode(value, depth: depth + 1)
            members.append(Member(name: name.string, node: node))
        }
        return members
    }

    // MARK: What is refused

    /// Refuses anchors before anything is read: a few lines of them can stand for more than there is memory for.
    ///
    /// Whatever might be one is refused, even inside quotes: a `&` behind something that is no letter or digit, and
    /// before a letter, a digit, `_` or `-`.
    private static func checkAnchors(in text: String) throws(OperationError) {
        var line = 1
        var before = UInt8(ascii: " ")
        var isAfterSign = false
        for byte in text.utf8 {
            if isAfterSign,
                self.isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            {
                throw self.anchor(at: line)
            }
            isAfterSign = byte == UInt8(ascii: "&") && !self.isLetterOrDigit(before)
            if byte == UInt8(ascii: "\n") { line += 1 }
            before = byte
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        case _: false
        }
    }

    private static func anchor(at line: Int) -> OperationError {
        OperationError(
            .badRequest, "line \(line): anchors and aliases (&name, *name) are not taken",
            next: "write what all parts have in common under “defaults:”; a text with & goes as JSON")
    }

    private static func twice(_ names: [String], at line: Int) -> OperationError {
        OperationError(
            .badRequest,
            "line \(line): \(names.map(\.quoted).joined(separator: ", ")) is given twice",
            next: "give each name once")
    }

    private static func problem(_ error: any Error) -> OperationError {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let words = [context?.text, problem].compactMap(\.self).joined(separator: ": ")
            return OperationError(
                .badRequest, "line \(mark.line), column \(mark.column): the document is no YAML: \(words)",
                next: "mend that line: “name: value”, indented with spaces, texts with : or # in quotes")
        case .duplicatedKeysInMapping(let names, let context):
            return self.twice(names, at: context.mark.line)
        case let other:
            return OperationError(
                .badRequest, "the document is no YAML: \("\(other.map { "\($0)" } ?? "")".prefix(200))",
                next: "send UTF-8 text such as “application: shop”")
        }
    }
}
