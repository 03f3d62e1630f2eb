/// One value of a document that a person wrote, and where.
struct DocumentNode {
    struct Member {
        let name: String
        let node: DocumentNode
    }

    enum Content {
        case nothing
        /// In YAML always a text: what it stands for is for the reader of it to say, so that `NO` is Norway.
        case scalar(Value)
        case list([DocumentNode])
        case map([Member])
    }

    let content: Content
    /// Counted from one; nil where the document has no lines.
    let line: Int?

    /// What it is, in words: `a list`.
    var kind: String {
        switch self.content {
        case .nothing: "nothing"
        case .scalar(let value): value.string.map(\.quoted) ?? value.json()
        case .list: "a list"
        case .map: "a group of names and values"
        }
    }
}

extension DocumentNode {
    /// Reads what a program sent, or what `JSONParser` made of a text.
    init(_ value: Value, depth: Int = 1) throws(OperationError) {
        try Self.check(depth: depth, line: nil)
        self.line = nil
        switch value {
        case .null: self.content = .nothing
        case .bool, .integer, .double, .string: self.content = .scalar(value)
        case .array(let elements):
            var nodes: [DocumentNode] = []
            for element in elements { nodes.append(try DocumentNode(element, depth: depth + 1)) }
            self.content = .list(nodes)
        case .object(let object):
            var members: [Member] = []
            for member in object.members {
                let node = try DocumentNode(member.value, depth: depth + 1)
                members.append(Member(name: member.name, node: node))
            }
            self.content = .map(members)
        }
    }

    static func check(depth: Int, line: Int?) throws(OperationError) {
        guard depth > DocumentLimits.depth else { return }
        let place = line.map { "line \($0): " } ?? ""
        throw OperationError(
            .badRequest, "\(place)the document has more than \(DocumentLimits.depth) levels",
            next: "write parts, then each part's name, then its wishes; none needs more levels")
    }
}
