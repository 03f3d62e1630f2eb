import CloudModel
import Configuration
import Operations
import Synchronization

/// One YAML file, read key by key; whatever is wrong is told with the key and the file.
final class ConfigurationFile: Sendable {
    /// The path as it was given.
    let path: String
    private let reader: ConfigReader
    private let present: Set<String>
    private let known = Mutex<Set<String>>([])

    /// Reads and parses the file.
    init(path: String) async throws(OperationError) {
        self.path = path
        let keys = KeyCollector()
        do {
            let location = ConfigReader(
                provider: InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)]))
            // The closure is asked about every key while the file is parsed: that is how keys are learned.
            let options = YAMLSnapshot.ParsingOptions(
                secretsSpecifier: .dynamic { key, _ in
                    keys.add(key)
                    return key.contains("token")
                })
            let provider = try await FileProvider<YAMLSnapshot>(parsingOptions: options, config: location)
            self.reader = ConfigReader(provider: provider)
        } catch {
            throw OperationError(
                .badRequest, "\(path) cannot be read as a configuration: \(error)",
                next: "make one with: tradewind init")
        }
        self.present = keys.all
    }

    /// Whether the file has the key, or anything below it.
    func has(_ key: String) -> Bool {
        self.present.contains { $0 == key || $0.hasPrefix(key + ".") }
    }

    /// The names that the file has directly below a key whose names are anybody's choice, in order.
    func names(below key: String) -> [String] {
        self.present.filter { $0.hasPrefix(key + ".") }.map { String($0.dropFirst(key.count + 1)) }.sorted()
    }

    func text(_ key: String) throws(OperationError) -> String? {
        try self.value(key, "text") { try $0.requiredString(forKey: ConfigKey(key)) }
    }

    func requiredText(_ key: String) throws(OperationError) -> String {
        guard let text = try self.text(key), !text.isEmpty else {
            throw OperationError(
                .badRequest, "\(self.path): \(key) is missing", next: "add it; the manual lists every key")
        }
        return text
    }

    func number(_ key: String) throws(OperationError) -> Double? {
        try self.value(key, "a number") { try $0.requiredDouble(forKey: ConfigKey(key)) }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(OperationError) -> Int? {
        let wish = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let number = try self.value(key, wish) { try $0.requiredInt(forKey: ConfigKey(key)) }
        if let number, !range.contains(number) { throw self.problem(key, wish) }
        return number
    }

    func flag(_ key: String) throws(OperationError) -> Bool? {
        try self.value(key, "true or false") { try $0.requiredBool(forKey: ConfigKey(key)) }
    }

    func list(_ key: String) throws(OperationError) -> [String] {
        try self.value(key, "a list of texts") { try $0.requiredStringArray(forKey: ConfigKey(key)) } ?? []
    }

    func choice(_ key: String, _ choices: [String]) throws(OperationError) -> String? {
        guard let text = try self.text(key) else { return nil }
        guard choices.contains(text) else {
            throw self.problem(key, "one of " + choices.joined(separator: ", "))
        }
        return text
    }

    /// A size such as `4G`.
    func size(_ key: String) throws(OperationError) -> Int64? {
        guard let text = try self.text(key) else { return nil }
        return try self.parameter(key, .size, text).integer
    }

    /// A size of at least one MiB.
    func amount(_ key: String) throws(OperationError) -> Mebibytes? {
        guard let size = try self.size(key) else { return nil }
        guard size >= 1 else { throw self.problem(key, "a size of at least 1M") }
        return Mebibytes(size)
    }

    /// A time such as `30s`.
    func duration(_ key: String) throws(OperationError) -> Duration? {
        guard let text = try self.text(key) else { return nil }
        return try self.parameter(key, .duration, text).integer.map { .milliseconds($0) }
    }

    /// A time such as `30s` within `range`.
    func duration(
        _ key: String, in range: ClosedRange<Duration>
    ) throws(OperationError) -> Duration? {
        let duration = try self.duration(key)
        if let duration, !range.contains(duration) {
            throw self.problem(key, "a time from \(range.lowerBound) to \(range.upperBound)")
        }
        return duration
    }

    /// A path, from the folder of the file if it is relative.
    func resolved(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = self.path.lastIndex(of: "/") else { return path }
        return self.path[...slash] + path
    }

    func problem(_ key: String, _ wish: String) -> OperationError {
        OperationError(.badRequest, "\(self.path): \(key) must be \(wish)")
    }

    /// Throws if the file has a key that nothing has asked for: a misspelled key must not be passed over.
    func refuseUnknownKeys() throws(OperationError) {
        let known = self.known.withLock { $0 }
        guard let unknown = self.present.subtracting(known).min() else { return }
        let guess = Suggestion.closest(to: unknown, among: known.sorted())
        throw OperationError(
            .badRequest, "\(self.path): there is no key \(unknown)",
            next: guess.map { "did you mean \($0)?" } ?? "remove it; the manual lists every key")
    }

    /// Reads a part of what a key holds.
    func reading(
        _ text: String, as kind: Parameter.Kind, of key: String
    ) throws(OperationError) -> Value {
        try self.parameter(key, kind, text)
    }

    private func parameter(
        _ key: String, _ kind: Parameter.Kind, _ text: String
    ) throws(OperationError) -> Value {
        do throws(OperationError) {
            return try Parameter.optional(key, kind, "").value(of: text)
        } catch {
            throw OperationError(error.code, "\(self.path): \(error.message)", next: error.next)
        }
    }

    private func value<Result>(
        _ key: String, _ wish: String, _ read: (ConfigReader) throws -> Result
    ) throws(OperationError) -> Result? {
        self.known.withLock { _ = $0.insert(key) }
        guard self.present.contains(key) else { return nil }
        do {
            return try read(self.reader)
        } catch {
            throw self.problem(key, wish)
        }
    }
}

/// The keys that were met while a file was parsed.
private final class KeyCollector: Sendable {
    private let keys = Mutex<Set<String>>([])

    func add(_ key: String) {
        self.keys.withLock { _ = $0.insert(key) }
    }

    var all: Set<String> { self.keys.withLock { $0 } }
}
