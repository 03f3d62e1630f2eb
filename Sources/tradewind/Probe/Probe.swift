import Operations

/// Measures again and again how long it takes to connect, and reports that.
struct Probe {
    let request: ProbeRequest
    /// Connects once and says how long it took.
    let connect: (_ host: String, _ port: Int) async throws -> Duration
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
                measured.append(
                    try await self.connect(self.request.host, self.request.port) / .milliseconds(1))
            } catch {
                // That nobody answers is no response time.
                self.tell("\(self.request.host):\(self.request.port) cannot be reached: \(error)")
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
