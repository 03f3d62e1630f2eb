extension Parameter {
    /// Reads what a person typed.
    package func value(of text: String) throws(OperationError) -> Value {
        guard let value = self.parsed(text) else { throw self.refusal(of: text) }
        return value
    }

    /// Checks what a program sent; texts are read like typed ones, so `"512M"` is a size.
    package func value(of value: Value) throws(OperationError) -> Value {
        switch (self.kind, value) {
        case (.integer(let range), .integer(let number)) where range.contains(number):
            return value
        case (.number(let range), .integer(let number)) where range.contains(Double(number)):
            return .double(Double(number))
        case (.number(let range), .double(let number)) where range.contains(number):
            return value
        case (.boolean, .bool):
            return value
        case (.size, .integer(let number)) where number >= 0:
            return value
        case (.duration, .integer(let seconds)) where (0...Self.secondsLimit).contains(seconds):
            return .integer(seconds * 1_000)
        case (.list, .array(let elements)):
            guard elements.count <= Self.listLimit, elements.allSatisfy({ Self.isEntry($0.string) }) else {
                throw self.refusal(of: value.json())
            }
            return value
        case (.document, .object):
            return value
        case (_, .string(let text)):
            return try self.value(of: text)
        case (_, .null), (_, .bool), (_, .integer), (_, .double), (_, .array), (_, .object):
            throw self.refusal(of: value.json())
        }
    }

    /// The longest duration a parameter takes, in seconds: ten years.
    static let secondsLimit: Int64 = 315_360_000

    private static func isEntry(_ text: String?) -> Bool {
        text.map { (1...Self.textLimit).contains($0.utf8.count) } ?? false
    }

    private func refusal(of text: String) -> OperationError {
        let shown = self.isSecret || text.utf8.count > 80 ? "the value given" : "“\(text)”"
        return OperationError(
            .badRequest, "\(self.name) must be \(self.expectation); \(shown) is not",
            next: "give \(self.name)=\(self.placeholder)")
    }

    private func parsed(_ text: String) -> Value? {
        let limit = self.kind == .document ? DocumentLimits.bytes : Self.textLimit
        guard !text.isEmpty, text.utf8.count <= limit else { return nil }
        switch self.kind {
        case .text, .jid, .document:
            return .string(text)
        case .integer(let range):
            return Int64(text).flatMap { range.contains($0) ? .integer($0) : nil }
        case .number(let range):
            return Double(text).flatMap { range.contains($0) ? .double($0) : nil }
        case .boolean:
            switch text.lowercased() {
            case "yes", "true", "on", "1": return true
            case "no", "false", "off", "0": return false
            default: return nil
            }
        case .choice(let choices):
            return choices.contains(text) ? .string(text) : nil
        case .size:
            return Self.mebibytes(text).map(Value.integer)
        case .duration:
            return Self.milliseconds(text).map(Value.integer)
        case .list:
            let entries = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard entries.count <= Self.listLimit, entries.allSatisfy({ !$0.isEmpty }) else { return nil }
            return .array(entries.map(Value.string))
        }
    }

    /// Reads `512M`, `512 MiB`, `2G`, `1T` or a plain number of mebibytes.
    static func mebibytes(_ text: String) -> Int64? {
        var (number, unit) = Self.split(text)
        if unit.hasSuffix("ib") { unit.removeLast(2) } else if unit.hasSuffix("b") { unit.removeLast() }
        let factor: Int64? =
            switch unit {
            case "", "m": 1
            case "g": 1_024
            case "t": 1_048_576
            default: nil
            }
        return Self.product(number, factor)
    }

    /// Reads `500ms`, `30s`, `5m`, `2h`, `1d` or a plain number of seconds.
    static func milliseconds(_ text: String) -> Int64? {
        let (number, unit) = Self.split(text)
        let factor: Int64? =
            switch unit {
            case "ms": 1
            case "", "s": 1_000
            case "m": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        guard let result = Self.product(number, factor), result <= Self.secondsLimit * 1_000 else {
            return nil
        }
        return result
    }

    private static func split(_ text: String) -> (number: Int64?, unit: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (Int64(digits), text.dropFirst(digits.count).drop { $0 == " " }.lowercased())
    }

    private static func product(_ number: Int64?, _ factor: Int64?) -> Int64? {
        guard let number, let factor else { return nil }
        let (result, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : result
    }
}
