import CoreMetrics
import Synchronization

/// One metric with one set of labels.
final class MetricSeries: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler,
    TimerHandler, Sendable
{
    enum Kind: Hashable, Sendable {
        case counter
        case gauge
        /// Sum and count.
        case summary
        case histogram(bounds: [Double])

        var typeName: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .summary: "summary"
            case .histogram: "histogram"
            }
        }
    }

    /// The name and the labels, in the form that Prometheus wants.
    struct Identity: Hashable, Comparable, Sendable {
        let name: String
        /// `a="1",b="2"`, or nothing.
        let labels: String

        init(_ label: String, _ dimensions: [(String, String)]) {
            self.name = Self.word(label)
            self.labels = dimensions.map { "\(Self.word($0.0))=\"\(Self.escaped($0.1))\"" }
                .joined(separator: ",")
        }

        static func < (lhs: Self, rhs: Self) -> Bool {
            (lhs.name, lhs.labels) < (rhs.name, rhs.labels)
        }

        // Each request counts in several series, whose names are nearly always what Prometheus wants: as bytes they are
        // seen to be so at a fraction of the cost of characters.

        private static func word(_ text: String) -> String {
            if text.utf8.allSatisfy(Self.isWordByte), let first = text.utf8.first, first > UInt8(ascii: "9") {
                return text
            }
            let characters = text.map { character in
                character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
            }
            return (characters.first?.isNumber ?? true ? "_" : "") + String(characters)
        }

        private static func isWordByte(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }

        private static func escaped(_ text: String) -> String {
            let special = [UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "\n")]
            guard text.utf8.contains(where: special.contains) else { return text }
            return text.reduce(into: "") { escaped, character in
                switch character {
                case "\\": escaped += "\\\\"
                case "\"": escaped += "\\\""
                case "\n": escaped += "\\n"
                default: escaped.append(character)
                }
            }
        }
    }

    private struct State {
        var value: Double = 0
        var count: Int64 = 0
        var buckets: [Int64] = []
    }

    let identity: Identity
    let kind: Kind
    private let state: Mutex<State>

    init(_ identity: Identity, _ kind: Kind) {
        self.identity = identity
        self.kind = kind
        var state = State()
        if case .histogram(let bounds) = kind { state.buckets = bounds.map { _ in 0 } }
        self.state = Mutex(state)
    }

    func increment(by amount: Int64) { self.increment(by: Double(amount)) }
    func increment(by amount: Double) { self.state.withLock { $0.value += amount } }
    func decrement(by amount: Double) { self.state.withLock { $0.value -= amount } }
    func set(_ value: Int64) { self.set(Double(value)) }
    func set(_ value: Double) { self.state.withLock { $0.value = value } }
    func reset() { self.state.withLock { $0.value = 0 } }
    func record(_ value: Int64) { self.record(Double(value)) }

    func record(_ value: Double) {
        switch self.kind {
        case .counter, .gauge: self.set(value)
        case .summary, .histogram: self.observe(value)
        }
    }

    func recordNanoseconds(_ duration: Int64) { self.observe(Double(duration) / 1e9) }

    private func observe(_ value: Double) {
        self.state.withLock { state in
            state.value += value
            state.count += 1
            guard case .histogram(let bounds) = self.kind else { return }
            if let index = bounds.firstIndex(where: { value <= $0 }) { state.buckets[index] += 1 }
        }
    }

    /// The lines of this series.
    var text: String {
        let state = self.state.withLock { $0 }
        let (name, labels) = (self.identity.name, self.identity.labels)
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        switch self.kind {
        case .counter, .gauge:
            return "\(name)\(braces) \(Self.number(state.value))\n"
        case .summary:
            return "\(name)_sum\(braces) \(Self.number(state.value))\n\(name)_count\(braces) \(state.count)\n"
        case .histogram(let bounds):
            let prefix = labels.isEmpty ? "" : labels + ","
            var text = ""
            var sum: Int64 = 0
            for (bound, count) in zip(bounds, state.buckets) {
                sum += count
                text += "\(name)_bucket{\(prefix)le=\"\(Self.number(bound))\"} \(sum)\n"
            }
            text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(state.count)\n"
            text += "\(name)_sum\(braces) \(Self.number(state.value))\n"
            return text + "\(name)_count\(braces) \(state.count)\n"
        }
    }

    private static func number(_ value: Double) -> String {
        if let integer = Int64(exactly: value) { return String(integer) }
        if value.isNaN { return "NaN" }
        return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : String(value)
    }
}
