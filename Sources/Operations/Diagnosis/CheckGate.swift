package import CloudModel

/// Lets few checks through: each opens connections to others on a caller's word.
package struct CheckGate: Hashable, Sendable {
    /// Checks under way at a time.
    package static let running = 2
    /// Checks that may begin within a minute.
    package static let perMinute = 10

    private var count = 0
    private var begun: [Instant] = []

    package init() {}

    /// Takes a place, to be given back by `end`; throws `too-many` if there is none.
    package mutating func begin(at now: Instant) throws(OperationError) {
        self.begun.removeAll { $0.advanced(by: .seconds(60)) <= now || $0 > now }
        guard self.count < Self.running else {
            throw OperationError(
                .tooMany, "\(Self.running) checks are under way", next: "try again when one of them is done")
        }
        guard self.begun.count < Self.perMinute else {
            throw OperationError(
                .tooMany, "\(Self.perMinute) checks were begun within a minute", next: "try again in a minute"
            )
        }
        self.count += 1
        self.begun.append(now)
    }

    package mutating func end() {
        precondition(self.count > 0, "a check ended that never began")
        self.count -= 1
    }
}
