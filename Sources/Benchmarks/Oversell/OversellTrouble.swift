import Foundation
import TestRandomness

/// What goes wrong with processes and between them, at moments and in an order that the seed decides; each kind once in
/// four times.
///
/// A stream never doubles what it carries: what arrives twice are requests that are sent again because no answer came.
struct OversellTrouble: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case coordinatorKilled = "coordinators killed and started again"
        case siteKilled = "sites killed and started again"
        /// What is on its way is lost.
        case cut = "times all connections between servers were cut"
        /// It arrives after whoever sent it has stopped waiting.
        case late = "times everything between servers was late"
    }

    /// Longer than the `request-timeout` of a coordinator in `OversellDrill.alliance`.
    private static let lateness = Duration.milliseconds(1_500)

    let seed: UInt64
    /// The pause between two troubles, in milliseconds.
    var pause = 500...4_000

    /// Goes on until cancelled, and notes what there was; nothing is left dead or still.
    func make(in alliance: Alliance, noting tally: TroubleTally) async throws {
        var generator = SeededGenerator(seed: self.seed)
        var next: [Kind] = []
        while true {
            do {
                try await Task.sleep(for: .milliseconds(Int.random(in: self.pause, using: &generator)))
            } catch {
                return
            }
            if next.isEmpty { next = Kind.allCases.shuffled(using: &generator) }
            let kind = next.removeLast()
            let coordinator = Int.random(in: alliance.members.indices.dropFirst(), using: &generator)
            switch kind {
            case .coordinatorKilled: try await alliance.members[coordinator].process.killAndRestart()
            case .siteKilled: try await alliance.members[0].process.killAndRestart()
            case .cut: try alliance.relay?.signal(SIGUSR1)
            case .late: try await Self.stop(alliance.relay)
            }
            tally.note(kind)
        }
    }

    /// Lets nothing through for a while; all of it arrives afterwards.
    private static func stop(_ relay: ChildProcess?) async throws {
        try relay?.freeze()
        do {
            try await Task.sleep(for: self.lateness)
        } catch {
            // The end has come: what waits is let through.
        }
        try relay?.thaw()
    }
}
