/// What a machine is doing; a later server may have states that this library has no name for.
public struct MachineState: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String

    /// A state as the server writes it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Accepted; its disk and definition are being made.
    public static let creating = Self(rawValue: "creating")
    /// It is starting.
    public static let starting = Self(rawValue: "starting")
    /// It runs.
    public static let running = Self(rawValue: "running")
    /// It is suspended.
    public static let suspended = Self(rawValue: "suspended")
    /// Asked to shut down; the guest has not stopped yet.
    public static let stopping = Self(rawValue: "stopping")
    /// It is stopped.
    public static let stopped = Self(rawValue: "stopped")
    /// It ended by itself, not by command.
    public static let failed = Self(rawValue: "failed")
    /// Neither definition nor disk remain.
    public static let deleted = Self(rawValue: "deleted")
}
