import Operations

/// One limit that the file may set: its key, where it is kept, and what fits.
///
/// The manual has the same keys with the same defaults; a test compares them.
struct LimitKey<Limits> {
    enum Kind {
        case number(ClosedRange<Int>, get: (Limits) -> Int, set: (inout Limits, Int) -> Void)
        case time(get: (Limits) -> Duration, set: (inout Limits, Duration) -> Void)
    }

    /// Below the section of the file that the limits are in.
    let name: String
    let kind: Kind

    static func number(
        _ name: String, _ path: WritableKeyPath<Limits, Int>, in range: ClosedRange<Int> = 1...1_000_000_000
    ) -> Self {
        Self(
            name: name,
            kind: .number(range, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 }))
    }

    /// A number of seconds that is one on the wire too; 0 for never.
    static func seconds(_ name: String, _ path: WritableKeyPath<Limits, UInt32>) -> Self {
        Self(
            name: name,
            kind: .number(
                0...86_400, get: { Int($0[keyPath: path]) }, set: { $0[keyPath: path] = UInt32($1) }))
    }

    static func time(_ name: String, _ path: WritableKeyPath<Limits, Duration>) -> Self {
        Self(name: name, kind: .time(get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 }))
    }

    /// The same limit as a part of something larger, with its key below a name there.
    func part<Whole>(_ path: WritableKeyPath<Whole, Limits>, below prefix: String? = nil) -> LimitKey<Whole> {
        let kind: LimitKey<Whole>.Kind =
            switch self.kind {
            case .number(let range, let get, let set):
                .number(range, get: { get($0[keyPath: path]) }, set: { set(&$0[keyPath: path], $1) })
            case .time(let get, let set):
                .time(get: { get($0[keyPath: path]) }, set: { set(&$0[keyPath: path], $1) })
            }
        return LimitKey<Whole>(name: prefix.map { "\($0).\(self.name)" } ?? self.name, kind: kind)
    }

    /// Sets the limit if the file has its key in `section`.
    func read(
        _ file: ConfigurationFile, below section: String, into limits: inout Limits
    ) throws(OperationError) {
        let key = "\(section).\(self.name)"
        switch self.kind {
        case .number(let range, _, let set):
            if let number = try file.integer(key, in: range) { set(&limits, number) }
        case .time(_, let set):
            guard let duration = try file.duration(key) else { return }
            guard duration > .zero else { throw file.problem(key, "longer than nothing") }
            set(&limits, duration)
        }
    }
}
