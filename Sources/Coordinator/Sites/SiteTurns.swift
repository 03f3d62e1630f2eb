package import CloudModel
import Synchronization

/// Bounds how many requests of this process a site has at once; further ones wait their turn.
///
/// Those that settle what a site holds already come before the usual ones, of either in the order in which they came;
/// probes have turns of their own.
///
/// A site answers a limited number of requests of one sender at a time and turns the rest away
/// (`StanzaDispatcher.Limits.requestsPerSender`), which says nothing about its room. Once it has left one unanswered,
/// those that wait are not sent any more: each would take as long.
package final class SiteTurns: Sendable {
    /// Half of what a site of ours takes of one sender: what else this process asks there has a place as well.
    package static let limit = 16
    /// How many probes a site has at once besides: of whoever looks what it has, and of whoever asks if it is gone.
    package static let probeLimit = 2

    /// What a request is about, as far as it matters to when its turn comes.
    package enum Kind: Hashable, Sendable {
        case usual
        /// Settles what becomes of a hold, which runs out by itself meanwhile: it goes before the usual ones.
        case settling
        /// Asks whether the site answers at all: it waits for other probes alone, and nothing else waits for it.
        case probe
    }

    private struct Waiter {
        let number: Int
        let kind: Kind
        let signal: AsyncStream<Void>.Continuation
    }

    private struct Queue {
        var underWay: [Int: Kind] = [:]
        var waiting: [Waiter] = []

        func hasRoom(for kind: Kind) -> Bool {
            let probes = self.underWay.values.count { $0 == .probe }
            return switch kind {
            case .usual, .settling: self.underWay.count - probes < SiteTurns.limit
            case .probe: probes < SiteTurns.probeLimit
            }
        }
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

    /// Waits for a turn at `site`, which `end(_:at:isSilent:)` gives back under the number that is returned.
    ///
    /// Nil, and no turn, if the site leaves a request unanswered meanwhile, or the task is cancelled.
    package func begin(at site: SiteID, for kind: Kind = .usual) async -> Int? {
        let (turns, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = self.state.withLock { state -> Int in
            state.last += 1
            var queue = state.queues[site] ?? Queue()
            if queue.hasRoom(for: kind) {
                queue.underWay[state.last] = kind
                signal.yield()
            } else {
                let waiter = Waiter(number: state.last, kind: kind, signal: signal)
                let place = kind == .settling ? queue.waiting.firstIndex { $0.kind == .usual } : nil
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

    /// Gives a turn back, to the first that it is for; if the site was silent, all that wait are turned away.
    package func end(_ number: Int, at site: SiteID, isSilent: Bool = false) {
        let (next, turnedAway) = self.state.withLock { state -> (Waiter?, [Waiter]) in
            guard var queue = state.queues[site], queue.underWay.removeValue(forKey: number) != nil else {
                return (nil, [])
            }
            let turnedAway = isSilent ? queue.waiting : []
            if isSilent { queue.waiting = [] }
            let place = queue.waiting.firstIndex { queue.hasRoom(for: $0.kind) }
            let next = place.map { queue.waiting.remove(at: $0) }
            if let next { queue.underWay[next.number] = next.kind }
            state.queues[site] = queue.underWay.isEmpty ? nil : queue
            return (next, turnedAway)
        }
        next?.signal.yield()
        for waiter in turnedAway { waiter.signal.finish() }
    }
}
