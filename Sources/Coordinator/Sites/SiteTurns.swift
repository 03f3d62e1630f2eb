package import CloudModel
import Synchronization

/// Bounds how many requests of this process a site has at once; further ones wait their turn, in the order in which
/// they came.
///
/// A site answers a limited number of requests of one sender at a time and turns the rest away
/// (`StanzaDispatcher.Limits.requestsPerSender`), which says nothing about its room.
package final class SiteTurns: Sendable {
    /// Half of what a site of ours takes of one sender: what else this process asks there has a place as well.
    package static let limit = 16

    private struct Queue {
        var underWay = 0
        var waiting: [(number: Int, signal: AsyncStream<Void>.Continuation)] = []
    }

    private struct State {
        var queues: [SiteID: Queue] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Waits for a turn at `site`, which `end(at:)` gives back; false, and no turn, if the task is cancelled meanwhile.
    package func begin(at site: SiteID) async -> Bool {
        let (turns, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = self.state.withLock { state in
            state.last += 1
            if state.queues[site, default: Queue()].underWay < Self.limit {
                state.queues[site, default: Queue()].underWay += 1
                signal.yield()
            } else {
                state.queues[site, default: Queue()].waiting.append((state.last, signal))
            }
            return state.last
        }
        for await _ in turns { return true }
        let isWaiting = self.state.withLock { state in
            guard let index = state.queues[site]?.waiting.firstIndex(where: { $0.number == number }) else {
                return false
            }
            state.queues[site]?.waiting.remove(at: index)
            return true
        }
        // The turn came in the moment in which nobody waited for it any more.
        if !isWaiting { self.end(at: site) }
        return false
    }

    /// Gives a turn back, to whoever has waited longest.
    package func end(at site: SiteID) {
        let next = self.state.withLock { state -> AsyncStream<Void>.Continuation? in
            guard var queue = state.queues[site] else { return nil }
            let next = queue.waiting.isEmpty ? nil : queue.waiting.removeFirst().signal
            if next == nil { queue.underWay -= 1 }
            state.queues[site] = queue.underWay > 0 ? queue : nil
            return next
        }
        next?.yield()
    }
}
