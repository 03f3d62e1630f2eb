package import CloudModel
import Synchronization

/// Bounds how many requests of this process a site has at once; further ones wait their turn: those that settle what a
/// site holds already before the others, of either in the order in which they came.
///
/// A site answers a limited number of requests of one sender at a time and turns the rest away
/// (`StanzaDispatcher.Limits.requestsPerSender`), which says nothing about its room. Once it has left one unanswered,
/// those that wait are not sent any more: each would take as long.
package final class SiteTurns: Sendable {
    /// Half of what a site of ours takes of one sender: what else this process asks there has a place as well.
    package static let limit = 16
    /// How many probes a site has at once besides: of whoever looks what it has, and of whoever asks if it is gone.
    package static let probeLimit = 2

    private struct Waiter {
        let number: Int
        let isFirst: Bool
        let signal: AsyncStream<Void>.Continuation
    }

    private struct Queue {
        var underWay: Set<Int> = []
        var waiting: [Waiter] = []
    }

    private struct State {
        var queues: [SiteID: Queue] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Requests that are under way at a site or wait for it.
    package func count(at site: SiteID) -> Int {
        self.state.withLock { state in
            state.queues[site].map { $0.underWay.count + $0.waiting.count } ?? 0
        }
    }

    /// Waits for a turn at `site`, which `end(_:at:isSilent:)` gives back under the number that is returned; one that
    /// `isFirst` goes before those that are not.
    ///
    /// One that `isProbe` asks whether the site answers at all: it does not wait for others to be left unanswered, but
    /// for other probes. Nil, and no turn, if the site leaves a request unanswered meanwhile, or the task is cancelled.
    package func begin(at site: SiteID, isFirst: Bool = false, isProbe: Bool = false) async -> Int? {
        let (turns, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let limit = isProbe ? Self.limit + Self.probeLimit : Self.limit
        let number = self.state.withLock { state -> Int in
            state.last += 1
            var queue = state.queues[site] ?? Queue()
            if queue.underWay.count < limit {
                queue.underWay.insert(state.last)
                signal.yield()
            } else {
                let goesFirst = isFirst || isProbe
                let waiter = Waiter(number: state.last, isFirst: goesFirst, signal: signal)
                let place = goesFirst ? queue.waiting.firstIndex { !$0.isFirst } : nil
                queue.waiting.insert(waiter, at: place ?? queue.waiting.endIndex)
            }
            state.queues[site] = queue
            return state.last
        }
        for await _ in turns { return number }
        // Cancelled, perhaps in the moment in which its turn came.
        self.state.withLock { $0.queues[site]?.waiting.removeAll { $0.number == number } }
        self.end(number, at: site)
        return nil
    }

    /// Gives a turn back, to whoever is next; if the site was silent, all that wait are turned away.
    package func end(_ number: Int, at site: SiteID, isSilent: Bool = false) {
        let (next, turnedAway) = self.state.withLock { state -> (Waiter?, [Waiter]) in
            guard var queue = state.queues[site], queue.underWay.remove(number) != nil else {
                return (nil, [])
            }
            let turnedAway = isSilent ? queue.waiting : []
            if isSilent { queue.waiting = [] }
            // A probe that was one too many makes room for nobody.
            let isFull = queue.underWay.count >= Self.limit
            let next = isFull || queue.waiting.isEmpty ? nil : queue.waiting.removeFirst()
            if let next { queue.underWay.insert(next.number) }
            state.queues[site] = queue.underWay.isEmpty ? nil : queue
            return (next, turnedAway)
        }
        next?.signal.yield()
        for waiter in turnedAway { waiter.signal.finish() }
    }
}
