/// Turns a `Value` back into a noun of the model.
package struct ValueDecoder: Sendable {
    package init() {}

    package func decode<T: Decodable>(_ type: T.Type = T.self, from value: Value) throws -> T {
        try T(from: ValueDecoding(value: value, codingPath: []))
    }
}

private struct ValueDecoding: Decoder, SingleValueDecodingContainer {
    let value: Value
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func mismatch<T>(_ type: T.Type, _ expected: String) -> DecodingError {
        .typeMismatch(
            type, .init(codingPath: self.codingPath, debugDescription: "expected \(expected)"))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let object = self.value.object else { throw self.mismatch(Value.Object.self, "an object") }
        return KeyedDecodingContainer(Keyed(object: object, codingPath: self.codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = self.value.array else { throw self.mismatch([Value].self, "a list") }
        return Unkeyed(elements: elements, codingPath: self.codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { self.value.isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard let flag = self.value.bool else { throw self.mismatch(type, "true or false") }
        return flag
    }

    func decode(_ type: String.Type) throws -> String {
        guard let text = self.value.string else { throw self.mismatch(type, "text") }
        return text
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard let number = self.value.number else { throw self.mismatch(type, "a number") }
        return number
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try self.decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try self.decodeInteger() }
    func decode(_ type: Int8.Type) throws -> Int8 { try self.decodeInteger() }
    func decode(_ type: Int16.Type) throws -> Int16 { try self.decodeInteger() }
    func decode(_ type: Int32.Type) throws -> Int32 { try self.decodeInteger() }
    func decode(_ type: Int64.Type) throws -> Int64 { try self.decodeInteger() }
    func decode(_ type: UInt.Type) throws -> UInt { try self.decodeInteger() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try self.decodeInteger() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try self.decodeInteger() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try self.decodeInteger() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try self.decodeInteger() }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self) }

    private func decodeInteger<Number: FixedWidthInteger>() throws -> Number {
        guard let integer = self.value.integer, let number = Number(exactly: integer) else {
            throw self.mismatch(Number.self, "a whole number from \(Number.min) to \(Number.max)")
        }
        return number
    }
}

private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let object: Value.Object
    let codingPath: [any CodingKey]

    var allKeys: [Key] { self.object.members.compactMap { Key(stringValue: $0.name) } }

    func contains(_ key: Key) -> Bool { self.object[key.stringValue] != nil }

    private func decoding(for key: Key) throws -> ValueDecoding {
        guard let value = self.object[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: self.codingPath, debugDescription: "\(key.stringValue) is missing"))
        }
        return ValueDecoding(value: value, codingPath: self.codingPath + [key])
    }

    func decodeNil(forKey key: Key) throws -> Bool { try self.decoding(for: key).decodeNil() }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try T(from: self.decoding(for: key))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try self.decoding(for: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try self.decoding(for: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        ValueDecoding(value: self.object["super"] ?? .null, codingPath: self.codingPath)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try self.decoding(for: key) }
}

private struct Unkeyed: UnkeyedDecodingContainer {
    let elements: [Value]
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    init(elements: [Value], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { self.elements.count }
    var isAtEnd: Bool { self.currentIndex >= self.elements.count }

    private mutating func next() throws -> ValueDecoding {
        guard !self.isAtEnd else {
            throw DecodingError.valueNotFound(
                Value.self, .init(codingPath: self.codingPath, debugDescription: "the list is too short"))
        }
        defer { self.currentIndex += 1 }
        return ValueDecoding(value: self.elements[self.currentIndex], codingPath: self.codingPath)
    }

    mutating func decodeNil() throws -> Bool {
        guard !self.isAtEnd, self.elements[self.currentIndex].isNull else { return false }
        self.currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self.next()) }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try self.next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try self.next().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { try self.next() }
}
