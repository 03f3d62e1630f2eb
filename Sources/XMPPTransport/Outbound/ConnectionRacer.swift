import NIOCore

/// The shell of `ConnectionRace`, confined to one event loop.
final class ConnectionRacer {
    /// One attempt to connect.
    struct Attempt: Sendable {
        /// Completed on the event loop of the race.
        let channel: EventLoopFuture<any Channel>
        /// Ends the attempt before it has come to anything.
        let giveUp: @Sendable () -> Void
    }

    struct Winner: Sendable {
        /// Of the place, in the order of trying.
        let index: Int
        let channel: any Channel
        /// The places that could not be reached before.
        let failed: Set<Int>
    }

    /// There was nothing to connect to.
    struct NoPlace: Error {}

    private let eventLoop: any EventLoop
    private let stagger: TimeAmount
    private let connect: @Sendable (Int) -> Attempt
    private let outcome: EventLoopPromise<Winner>
    private var race: ConnectionRace
    private var attempts: [Int: Attempt] = [:]
    private var channels: [Int: any Channel] = [:]
    private var timer: Scheduled<Void>?
    private var last: any Error = NoPlace()

    private init(
        count: Int, on eventLoop: any EventLoop, stagger: TimeAmount,
        connect: @escaping @Sendable (Int) -> Attempt
    ) {
        self.eventLoop = eventLoop
        self.stagger = stagger
        self.connect = connect
        self.outcome = eventLoop.makePromise(of: Winner.self)
        self.race = ConnectionRace(count: count)
    }

    /// The first of `count` places that can be reached; fails with the error of the last attempt that failed.
    static func run(
        count: Int, on eventLoop: any EventLoop, stagger: TimeAmount,
        connect: @escaping @Sendable (Int) -> Attempt
    ) -> EventLoopFuture<Winner> {
        eventLoop.flatSubmit {
            let racer = ConnectionRacer(count: count, on: eventLoop, stagger: stagger, connect: connect)
            racer.perform(racer.race.start())
            return racer.outcome.futureResult
        }
    }

    private func perform(_ directives: [ConnectionRace.Directive]) {
        for directive in directives {
            switch directive {
            case .connect(let index): self.begin(index)
            case .wait(let index):
                self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: self.stagger) {
                    self.perform(self.race.staggerOver(after: index))
                }
            case .won(let index): self.win(index)
            case .close(let index):
                self.channels.removeValue(forKey: index)?.close(promise: nil)
                self.attempts.removeValue(forKey: index)?.giveUp()
            case .lost: self.outcome.fail(self.last)
            }
        }
    }

    private func begin(_ index: Int) {
        let attempt = self.connect(index)
        self.attempts[index] = attempt
        attempt.channel.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel):
                self.channels[index] = channel
                let directives = self.race.connected(index)
                // Whoever lost has been told to give up, and may have connected all the same.
                if directives.isEmpty { self.channels.removeValue(forKey: index)?.close(promise: nil) }
                self.perform(directives)
            case .failure(let error):
                self.last = error
                self.attempts[index] = nil
                self.perform(self.race.failed(index))
            }
        }
    }

    private func win(_ index: Int) {
        self.timer?.cancel()
        self.timer = nil
        self.attempts[index] = nil
        guard let channel = self.channels.removeValue(forKey: index) else { return }
        self.outcome.succeed(Winner(index: index, channel: channel, failed: self.race.failed))
    }
}
