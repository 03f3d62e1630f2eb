/// Reads JSON (RFC 8259) strictly: one value, no duplicate names, no more than `depthLimit` levels.
package struct JSONParser {
    /// Why some bytes are not JSON, and where.
    package struct Problem: Error, Hashable, Sendable {
        /// Bytes from the start of the text.
        package let offset: Int
        package let reason: String
    }

    /// Levels of lists and objects inside each other.
    package static let depthLimit = 32

    private let bytes: [UInt8]
    private var position = 0

    /// Parses a whole document.
    package static func parse(_ bytes: [UInt8]) throws(Problem) -> Value {
        var parser = Self(bytes: bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.problem("text after the end of the value") }
        return value
    }

    package static func parse(_ text: String) throws(Problem) -> Value {
        try self.parse(Array(text.utf8))
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private func problem(_ reason: String) -> Problem {
        Problem(offset: self.position, reason: reason)
    }

    private var next: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func skipSpace() {
        while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Problem) {
        guard self.next == UInt8(ascii: character) else { throw self.problem("expected \(character)") }
        self.position += 1
    }

    private mutating func value(depth: Int) throws(Problem) -> Value {
        guard depth <= Self.depthLimit else {
            throw self.problem("more than \(Self.depthLimit) levels")
        }
        self.skipSpace()
        switch self.next {
        case UInt8(ascii: "{"): return try self.object(depth: depth)
        case UInt8(ascii: "["): return try self.array(depth: depth)
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        case .none: throw self.problem("the text ends where a value is expected")
        default: return try self.number()
        }
    }

    private mutating func word(_ word: String, _ value: Value) throws(Problem) -> Value {
        guard self.bytes[self.position...].starts(with: word.utf8) else {
            throw self.problem("expected \(word)")
        }
        self.position += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(Problem) -> Value {
        self.position += 1
        var object = Value.Object()
        self.skipSpace()
        if self.next == UInt8(ascii: "}") {
            self.position += 1
            return .object(object)
        }
        while true {
            self.skipSpace()
            guard self.next == UInt8(ascii: "\"") else { throw self.problem("expected a name in quotes") }
            let name = try self.string()
            guard object[name] == nil else { throw self.problem("\(name) is given twice") }
            self.skipSpace()
            try self.expect(":")
            object[name] = try self.value(depth: depth + 1)
            self.skipSpace()
            if self.next == UInt8(ascii: ",") {
                self.position += 1
                continue
            }
            try self.expect("}")
            return .object(object)
        }
    }

    private mutating func array(depth: Int) throws(Problem) -> Value {
        self.position += 1
        var elements: [Value] = []
        self.skipSpace()
        if self.next == UInt8(ascii: "]") {
            self.position += 1
            return .array(elements)
        }
        while true {
            elements.append(try self.value(depth: depth + 1))
            self.skipSpace()
            if self.next == UInt8(ascii: ",") {
                self.position += 1
                continue
            }
            try self.expect("]")
            return .array(elements)
        }
    }
}

extension JSONParser {
    private mutating func number() throws(Problem) -> Value {
        let start = self.position
        var isWhole = true
        if self.next == UInt8(ascii: "-") { self.position += 1 }
        let firstDigit = self.position
        try self.digits()
        if self.bytes[firstDigit] == UInt8(ascii: "0"), self.position > firstDigit + 1 {
            throw self.problem("a number must not start with 0")
        }
        if self.next == UInt8(ascii: ".") {
            isWhole = false
            self.position += 1
            try self.digits()
        }
        if let byte = self.next, byte | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            self.position += 1
            if self.next == UInt8(ascii: "+") || self.next == UInt8(ascii: "-") { self.position += 1 }
            try self.digits()
        }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw self.problem("the number is too large")
        }
        return .double(number)
    }

    private mutating func digits() throws(Problem) {
        let start = self.position
        while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            self.position += 1
        }
        guard self.position > start else { throw self.problem("expected a value") }
    }

    private mutating func string() throws(Problem) -> String {
        self.position += 1
        var text: [UInt8] = []
        while let byte = self.next {
            switch byte {
            case UInt8(ascii: "\""):
                self.position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw self.problem("the text is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                self.position += 1
                text += String(try self.escape()).utf8
            case 0..<0x20:
                throw self.problem("a control character must be written with \\u")
            default:
                text.append(byte)
                self.position += 1
            }
        }
        throw self.problem("the text ends inside quotes")
    }

    private mutating func escape() throws(Problem) -> Character {
        guard let byte = self.next else { throw self.problem("the text ends inside quotes") }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try self.unicodeEscape()
        default: throw self.problem("unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(Problem) -> Character {
        let first = try self.hexadecimalUnit()
        guard UTF16.isLeadSurrogate(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw self.problem("half of a surrogate pair") }
            return Character(scalar)
        }
        try self.expect("\\")
        try self.expect("u")
        let second = try self.hexadecimalUnit()
        guard UTF16.isTrailSurrogate(second) else { throw self.problem("half of a surrogate pair") }
        let code = 0x1_0000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(code) else { throw self.problem("half of a surrogate pair") }
        return Character(scalar)
    }

    private mutating func hexadecimalUnit() throws(Problem) -> UInt16 {
        guard self.position + 4 <= self.bytes.count else { throw self.problem("the text ends inside quotes") }
        let digits = self.bytes[self.position..<self.position + 4]
        let isHexadecimal = digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        guard isHexadecimal, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw self.problem("expected four hexadecimal digits")
        }
        self.position += 4
        return unit
    }
}
