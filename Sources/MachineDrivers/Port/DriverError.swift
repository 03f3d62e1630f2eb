package import CloudModel

/// Why a driver did not do what it was asked.
package enum DriverError: Error, Hashable, Sendable {
    case notFound(MachineID)
    case alreadyExists(MachineID)
    /// The machine is in a state in which `attempt` makes no sense.
    case invalidState(MachineID, MachineState, attempt: String)
    /// The hypervisor cannot be reached; the same call may succeed later.
    case unavailable(reason: String)
    /// The host has not enough of something: `no space left on …`.
    case insufficientResources(reason: String)
    /// The hypervisor said no, or something broke; trying again will not help.
    case failed(attempt: String, reason: String)

    /// Whether the same call may succeed later without anybody changing the request.
    package var isPassing: Bool {
        switch self {
        case .unavailable: true
        case .notFound, .alreadyExists, .invalidState, .insufficientResources, .failed: false
        }
    }
}

extension DriverError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound(let id): "the hypervisor has no machine \(id)"
        case .alreadyExists(let id): "the hypervisor has machine \(id) already"
        case .invalidState(let id, let state, let attempt):
            "cannot \(attempt) machine \(id) while it is \(state.rawValue)"
        case .unavailable(let reason): "the hypervisor is out of reach: \(reason)"
        case .insufficientResources(let reason): "the host is out of room: \(reason)"
        case .failed(let attempt, let reason): "could not \(attempt): \(reason)"
        }
    }
}
