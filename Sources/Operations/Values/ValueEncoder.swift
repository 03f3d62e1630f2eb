/// Turns a noun of the model into a `Value`, so that one answer serves chat, forms, JSON and remote sites.
///
/// Dictionaries come out ordered by key and sets by their JSON text: equal nouns give equal values in every
/// process.
package struct ValueEncoder: Sendable {
    package init() {}

    package func encode(_ value: some Encodable) throws -> Value {
        let slot = Slot()
        try ValueEncoding(slot: slot, codingPath: []).store(value)
        return slot.resolved
    }
}

/// The place where one value of the tree being encoded ends up.
private final class Slot {
    enum Content {
        case nothing
        case value(Value)
        case elements([Slot])
        case members([(name: String, slot: Slot)])
    }

    var content: Content = .nothing
    var order = Order.asWritten

    var resolved: Value {
        switch self.content {
        case .nothing:
            return .object(Value.Object())
        case .value(let value):
            return value
        case .elements(let slots):
            let values = slots.map(\.resolved)
            return .array(self.order == .byElement ? values.sorted { $0.json() < $1.json() } : values)
        case .members(let members):
            var object = Value.Object()
            for member in members { object[member.name] = member.slot.resolved }
            return .object(self.order == .byName ? object.sortedByName() : object)
        }
    }

    func appendElement() -> Slot {
        let slot = Slot()
        if case .elements(let slots) = self.content {
            self.content = .elements(slots + [slot])
        } else {
            self.content = .elements([slot])
        }
        return slot
    }

    func appendMember(_ name: String) -> Slot {
        let slot = Slot()
        if case .members(let members) = self.content {
            self.content = .members(members + [(name, slot)])
        } else {
            self.content = .members([(name, slot)])
        }
        return slot
    }

    var elementCount: Int {
        if case .elements(let slots) = self.content { slots.count } else { 0 }
    }
}

private enum Order {
    case asWritten
    case byName
    case byElement
}

/// The standard library's collections whose order differs from process to process.
private protocol Unordered {
    static var canonicalOrder: Order { get }
}

extension Dictionary: Unordered {
    fileprivate static var canonicalOrder: Order { .byName }
}

extension Set: Unordered {
    fileprivate static var canonicalOrder: Order { .byElement }
}

private struct ValueEncoding: Encoder, SingleValueEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func store<T: Encodable>(_ value: T) throws {
        if let unordered = value as? any Unordered { self.slot.order = type(of: unordered).canonicalOrder }
        try value.encode(to: self)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .members = self.slot.content {} else { self.slot.content = .members([]) }
        return KeyedEncodingContainer(Keyed(slot: self.slot, codingPath: self.codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .elements = self.slot.content {} else { self.slot.content = .elements([]) }
        return Unkeyed(slot: self.slot, codingPath: self.codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { self.slot.content = .value(.null) }
    func encode(_ value: Bool) { self.slot.content = .value(.bool(value)) }
    func encode(_ value: String) { self.slot.content = .value(.string(value)) }
    func encode(_ value: Double) { self.slot.content = .value(.double(value)) }
    func encode(_ value: Float) { self.slot.content = .value(.double(Double(value))) }
    func encode(_ value: Int) throws { try self.encodeInteger(value) }
    func encode(_ value: Int8) throws { try self.encodeInteger(value) }
    func encode(_ value: Int16) throws { try self.encodeInteger(value) }
    func encode(_ value: Int32) throws { try self.encodeInteger(value) }
    func encode(_ value: Int64) throws { try self.encodeInteger(value) }
    func encode(_ value: UInt) throws { try self.encodeInteger(value) }
    func encode(_ value: UInt8) throws { try self.encodeInteger(value) }
    func encode(_ value: UInt16) throws { try self.encodeInteger(value) }
    func encode(_ value: UInt32) throws { try self.encodeInteger(value) }
    func encode(_ value: UInt64) throws { try self.encodeInteger(value) }
    func encode<T: Encodable>(_ value: T) throws { try self.store(value) }

    private func encodeInteger(_ value: some BinaryInteger) throws {
        guard let integer = Int64(exactly: value) else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: self.codingPath, debugDescription: "larger than 64 bits with a sign")
            )
        }
        self.slot.content = .value(.integer(integer))
    }
}

private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: Slot
    let codingPath: [any CodingKey]

    private func encoding(for key: some CodingKey) -> ValueEncoding {
        ValueEncoding(slot: self.slot.appendMember(key.stringValue), codingPath: self.codingPath + [key])
    }

    mutating func encodeNil(forKey key: Key) { self.encoding(for: key).encodeNil() }

    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try self.encoding(for: key).store(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        self.encoding(for: key).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        self.encoding(for: key).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder {
        ValueEncoding(slot: self.slot.appendMember("super"), codingPath: self.codingPath)
    }

    mutating func superEncoder(forKey key: Key) -> any Encoder { self.encoding(for: key) }
}

private struct Unkeyed: UnkeyedEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]

    var count: Int { self.slot.elementCount }

    private func nextEncoding() -> ValueEncoding {
        ValueEncoding(slot: self.slot.appendElement(), codingPath: self.codingPath)
    }

    mutating func encodeNil() { self.nextEncoding().encodeNil() }
    mutating func encode<T: Encodable>(_ value: T) throws { try self.nextEncoding().store(value) }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        self.nextEncoding().container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        self.nextEncoding().unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { self.nextEncoding() }
}
