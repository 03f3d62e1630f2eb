import Operations

/// Measures again and again how long it takes to connect or to be answered, and reports that.
struct Probe {
    let request: ProbeRequest
    /// Connects or asks once and says how long it took.
    let measure: (ProbeRequest.Target) async throws -> Duration
    /// Performs the operation of these words.
    let perform: (_ words: [String]) async throws -> Void
    let pause: (Duration) async throws -> Void
    /// Says something to whoever watches.
    let tell: (String) -> Void

    /// Runs until all is measured, or until it is cancelled; a report that is refused ends it.
    func run() async throws {
        var measured: [Double] = []
        var done = 0
        while !Task.isCancelled {
            do {
                measured.append(try await self.measure(self.request.target) / .milliseconds(1))
            } catch {
                // That nobody answers is no response time, and an error that comes at once is no good one.
                self.tell("\(self.request.name) failed, which is not reported: \(error)")
            }
            done += 1
            let isLast = done == self.request.count
            if measured.count >= self.request.batch || isLast, !measured.isEmpty {
                try await self.perform(self.request.report(measured))
                self.tell("reported \(measured.count) times from \(self.request.place)")
                measured = []
            }
            if isLast { return }
            try await self.pause(.seconds(self.request.pause))
        }
    }
}
