/// An argument or a result while it travels between faces and roles: what JSON can say, with integers kept
/// apart.
package enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([Value])
    case object(Object)

    /// Named values in the order in which they were written, so that answers read the same everywhere.
    package struct Object: Hashable, Sendable {
        package struct Member: Hashable, Sendable {
            package let name: String
            package var value: Value

            package init(name: String, value: Value) {
                self.name = name
                self.value = value
            }
        }

        package private(set) var members: [Member]

        package init() {
            self.members = []
        }

        /// Setting a name that is there replaces its value in place; nil removes it.
        package subscript(name: String) -> Value? {
            get {
                self.members.first { $0.name == name }?.value
            }
            set {
                let index = self.members.firstIndex { $0.name == name }
                switch (index, newValue) {
                case (.some(let index), .some(let value)): self.members[index].value = value
                case (.some(let index), .none): self.members.remove(at: index)
                case (.none, .some(let value)): self.members.append(Member(name: name, value: value))
                case (.none, .none): break
                }
            }
        }

        /// The same members ordered by name.
        package func sortedByName() -> Self {
            var sorted = self
            sorted.members.sort { $0.name < $1.name }
            return sorted
        }
    }
}

extension Value {
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// The number as floating point, integers included.
    package var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .double(let number): number
        case .null, .bool, .string, .array, .object: nil
        }
    }

    package var array: [Value]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var object: Object? {
        if case .object(let object) = self { object } else { nil }
    }

    package var isNull: Bool { self == .null }

    /// The value at a dotted path such as `specification.resources.vcpus`; nil if a step is missing.
    package func value(at path: String) -> Value? {
        guard !path.isEmpty else { return self }
        var current = self
        for step in path.split(separator: ".") {
            guard let next = current.object?[String(step)] else { return nil }
            current = next
        }
        return current
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: Value...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, Value)...) {
        var object = Object()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}
