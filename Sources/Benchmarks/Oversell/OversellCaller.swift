/// Asks a coordinator's process over HTTP, again and again until it is answered, whatever becomes of the process.
struct OversellCaller: Sendable {
    enum Outcome: Sendable {
        case placed
        /// Taken on, and not placed in the end.
        case failed
        case refused
    }

    /// The longest that one answer may take, with all that is killed and cut meanwhile.
    static let patience = Duration.seconds(180)
    private static let lookEvery = Duration.milliseconds(100)
    private static let notFound = 404
    private static let refused = 409

    let client: ControlClient
    let site: String
    let image: String

    /// One placement, however often it has to be asked for: each time with the same key.
    func place(_ name: String) async throws -> Outcome {
        var parameters = WorkloadView.parameters(name: name, audience: self.site, image: self.image)
        parameters["wait"] = "placed"
        let asked = parameters
        let workload = try await self.repeated("placing \(name)") { () -> WorkloadView?? in
            let (status, value) = try await self.client.ask(
                "POST", "/workloads", asked, key: name, as: WorkloadView.self)
            if status == Self.refused { return .some(nil) }
            guard let value, value.state != "placing" else { return nil }
            return .some(value)
        }
        guard let workload else { return .refused }
        return workload.replicas.contains { $0.machine != nil } ? .placed : .failed
    }

    /// Removes a workload, and waits until nothing of it is left.
    func remove(_ name: String) async throws {
        try await self.repeated("removing \(name)") { () -> Void? in
            let (status, _) = try await self.client.ask("DELETE", "/workloads/\(name)", as: Ignored.self)
            if status == Self.notFound { return () }
            let (seen, workload) = try await self.client.ask(
                "GET", "/workloads/\(name)", as: WorkloadView.self)
            return seen == Self.notFound || workload?.state == "removed" ? () : nil
        }
    }

    private struct Ignored: Decodable {}

    /// What `attempt` comes to; it is made anew while it fails or comes to nothing.
    private func repeated<Value: Sendable>(
        _ what: String, _ attempt: () async throws -> Value?
    ) async throws -> Value {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            do {
                if let value = try await attempt() { return value }
            } catch {
                // The process is down, and is started again.
                try Task.checkCancellation()
            }
            try await Task.sleep(for: Self.lookEvery)
        }
        throw BenchmarkFailure("\(what): no answer within \(Self.patience)")
    }
}
