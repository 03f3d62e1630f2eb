import CloudModel
import Operations

/// What a caller waits for.
enum Goal: String {
    /// The workload is accepted and stored.
    case accepted
    /// Every replica is at a site, or nothing is left to try.
    case placed
    /// Besides, every machine is up, or has failed.
    case running
    case removed

    /// What `wait` says, or if that says nothing, `usual`.
    init(of invocation: Invocation, otherwise usual: Self) {
        self = invocation["wait"]?.string.flatMap(Self.init(rawValue:)) ?? usual
    }

    func isReached(by workload: Workload) -> Bool {
        switch self {
        case .accepted: true
        case .placed: workload.state != .placing && workload.state != .removing
        case .running:
            workload.state != .placing && workload.state != .removing
                && workload.replicas.allSatisfy {
                    Self.isUp($0) || $0.machine == nil || $0.change == .dropped
                }
        case .removed: workload.state == .removed
        }
    }

    private static func isUp(_ replica: Workload.Replica) -> Bool {
        switch replica.state {
        case .creating, .starting, nil: false
        case .running, .suspended, .stopping, .stopped, .failed, .deleted: true
        }
    }
}
