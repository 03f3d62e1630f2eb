package import XML
package import XMPP

extension Value {
    /// Levels of lists and records inside each other that are read.
    package static let elementDepthLimit = 32

    /// The value as one element of the operation namespace: `<integer>2</integer>`, `<record><field
    /// name='…'>…`.
    package var element: Element {
        let namespace = Invoke.namespace
        switch self {
        case .null: return Element("null", namespace: namespace)
        case .bool(let flag): return Element("boolean", namespace: namespace, text: flag ? "true" : "false")
        case .integer(let number): return Element("integer", namespace: namespace, text: String(number))
        case .double(let number):
            // As in JSON: infinity cannot be said.
            guard number.isFinite else { return Element("null", namespace: namespace) }
            return Element("number", namespace: namespace, text: String(number))
        case .string(let text): return Element("string", namespace: namespace, text: text)
        case .array(let elements):
            return Element("list", namespace: namespace, [:], elements.map(\.element))
        case .object(let object):
            return Element(
                "record", namespace: namespace, [:],
                object.members.map { member in
                    Element("field", namespace: namespace, ["name": member.name], [member.value.element])
                })
        }
    }

    package init(parsing element: Element) throws(PayloadError) {
        try self.init(parsing: element, depth: 0)
    }

    private init(parsing element: Element, depth: Int) throws(PayloadError) {
        guard element.namespace == Invoke.namespace else {
            throw PayloadError("<\(element.name)/> is no value: its namespace is not \(Invoke.namespace)")
        }
        guard depth <= Self.elementDepthLimit else {
            throw PayloadError("a value has more than \(Self.elementDepthLimit) levels")
        }
        let text = element.text
        switch element.name {
        case "null": self = .null
        case "string": self = .string(text)
        case "boolean":
            guard text == "true" || text == "false" else { throw PayloadError("“\(text)” is no boolean") }
            self = .bool(text == "true")
        case "integer":
            guard let number = Int64(text) else { throw PayloadError("“\(text)” is no integer") }
            self = .integer(number)
        case "number":
            guard let number = Double(text), number.isFinite else {
                throw PayloadError("“\(text)” is no number")
            }
            self = .double(number)
        case "list":
            var elements: [Value] = []
            for child in element.elements { elements.append(try Value(parsing: child, depth: depth + 1)) }
            self = .array(elements)
        case "record":
            var object = Object()
            for field in element.children("field") {
                guard let name = field[attribute: "name"], let inner = field.elements.first else {
                    throw PayloadError("<field/> needs the attribute name and a value")
                }
                object[name] = try Value(parsing: inner, depth: depth + 1)
            }
            self = .object(object)
        default: throw PayloadError("<\(element.name)/> is no value")
        }
    }
}
