import CloudModel
import MachineDrivers
import Testing

/// A driver that runs for the length of a test, with what it reports.
struct DriverSession: Sendable {
    let driver: any MachineDriver
    let events: AsyncStream<DriverEvent>

    /// Runs `body` while the driver is connected, then ends the driver.
    static func with<Result: Sendable>(
        _ driver: any MachineDriver, _ body: @Sendable (Self) async throws -> Result
    ) async throws -> Result {
        let session = Self(driver: driver, events: driver.events())
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await driver.run() }
            defer { group.cancelAll() }
            try await session.waitUntilConnected()
            let result = try await body(session)
            group.cancelAll()
            do {
                try await group.waitForAll()
            } catch is CancellationError {}
            return result
        }
    }

    /// Waits, level-triggered, until the driver answers.
    private func waitUntilConnected() async throws {
        try await eventually("the driver answers") {
            do {
                _ = try await self.driver.hosts()
                return true
            } catch DriverError.unavailable {
                return false
            }
        }
    }

    func waitForState(_ state: MachineState, of id: MachineID) async throws {
        try await eventually("\(id) is \(state.rawValue)") {
            try await self.driver.machine(id).state == state
        }
    }
}

/// Waits until `condition` holds, looking again every 20 ms; fails after `limit`.
func eventually(
    _ what: String, within limit: Duration = .seconds(600),
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: limit)
    while try await !condition() {
        try #require(clock.now < deadline, "not within \(limit): \(what)")
        try await clock.sleep(for: .milliseconds(20))
    }
}
