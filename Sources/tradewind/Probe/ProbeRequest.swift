import Foundation
import Operations

/// What a probe measures, about which workload, and where it is.
struct ProbeRequest: Hashable {
    /// Seconds between two measurements.
    static let pauses = 1...3_600
    /// A report is made when so many seconds have been measured, or as often as it is measured.
    static let reportSeconds = 20

    enum Target: Hashable {
        /// How long connecting takes.
        case port(host: String, Int)
        /// How long the head of an answer takes.
        case page(URL)
    }

    let target: Target
    /// The target, as it was written.
    let name: String
    let workload: String
    let place: String
    /// In seconds.
    let pause: Int
    /// How many times to measure; nil for as long as it runs.
    let count: Int?
    /// Options that say which process is told.
    let options: [String]

    /// Reads `HOST:PORT workload=NAME place=PLACE [every=SECONDS] [count=N]` and the options of every operation.
    init(_ words: [String]) throws(OperationError) {
        let arguments = try ClientArguments(words)
        var values: [String: String] = [:]
        var name: String?
        for token in arguments.tokens {
            switch (token.key, name) {
            case (nil, nil): name = token.text
            case (let key?, _) where ["workload", "place", "every", "count"].contains(key):
                values[key] = token.text
            case (nil, .some), (.some, _):
                throw Self.misuse("\(token.key ?? token.text) is not known here")
            }
        }
        guard let name, let target = Self.target(name) else {
            throw Self.misuse("what is measured must be HOST:PORT or an http: or https: URL")
        }
        guard let workload = values["workload"], let place = values["place"] else {
            throw Self.misuse("the workload and the place of this probe are missing")
        }
        (self.name, self.target) = (name, target)
        (self.workload, self.place) = (workload, place)
        self.pause = try Self.number(values["every"] ?? "2", "every", in: Self.pauses)
        self.count = try values["count"].map { text throws(OperationError) in
            try Self.number(text, "count", in: 1...1_000_000)
        }
        var options: [String] = []
        for (name, value) in [
            ("--server", arguments.server), ("--token-file", arguments.tokenFile),
            ("--config", arguments.configuration),
        ] {
            if let value { options += [name, value] }
        }
        self.options = options
    }

    /// How many measurements go into one report.
    var batch: Int { max(1, Self.reportSeconds / self.pause) }

    /// The words of the operation that reports `milliseconds`.
    func report(_ milliseconds: [Double]) -> [String] {
        let times = milliseconds.map { String(($0 * 1_000).rounded() / 1_000) }.joined(separator: ",")
        return [
            "workload", "report", "workload=\(self.workload)", "place=\(self.place)", "milliseconds=\(times)",
        ]
            + self.options
    }

    private static func target(_ text: String) -> Target? {
        let isURL = text.hasPrefix("http://") || text.hasPrefix("https://")
        guard let parts = URLComponents(string: isURL ? text : "tcp://\(text)"),
            let host = parts.host, !host.isEmpty,
            parts.port.map((1...65_535).contains) ?? isURL
        else { return nil }
        if isURL { return parts.url.map(Target.page) }
        guard parts.path.isEmpty, let port = parts.port else { return nil }
        // An IPv6 address is written in brackets.
        return .port(host: host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port)
    }

    private static func number(
        _ text: String, _ name: String, in range: ClosedRange<Int>
    ) throws(OperationError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw Self.misuse("\(name) must be \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func misuse(_ text: String) -> OperationError {
        OperationError(
            .badRequest, text,
            next: "write: tradewind probe HOST:PORT workload=NAME place=FR [every=SECONDS] [count=N]")
    }
}
