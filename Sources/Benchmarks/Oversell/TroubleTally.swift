import Synchronization

/// How often there was which trouble, for whoever makes it and whoever waits for it.
final class TroubleTally: Sendable {
    private let state: Mutex<[OversellTrouble.Kind: Int]> = Mutex([:])

    var counts: [OversellTrouble.Kind: Int] { self.state.withLock { $0 } }

    /// Whether there has been trouble of each kind.
    var isComplete: Bool { self.state.withLock { $0.count } == OversellTrouble.Kind.allCases.count }

    func note(_ kind: OversellTrouble.Kind) { self.state.withLock { $0[kind, default: 0] += 1 } }
}
