import NIOCore
import XMPP

/// How one connection of an attached link ended.
struct AttachmentEnd: Sendable {
    enum Reason: Sendable {
        case unreachable(Route, String)
        case unresolved(String)
        case failed(AttachmentFailure)
        case ended(StreamEnd)
    }

    var reason: Reason
    /// How long the stream was up; nil if it never was.
    var lasting: TimeAmount?

    /// Whether the stream was up and nobody ended it.
    var isLoss: Bool {
        guard self.lasting != nil, case .ended(.lost) = self.reason else { return false }
        return true
    }

    /// Whether an admin has to change something before another attempt can succeed.
    var needsAdmin: Bool {
        switch self.reason {
        case .failed(let failure): failure.needsAdmin
        case .unreachable, .unresolved, .ended: false
        }
    }
}

extension AttachmentEnd: CustomStringConvertible {
    var description: String {
        switch self.reason {
        case .unreachable(let route, let reason): "\(route) cannot be reached: \(reason)"
        case .unresolved(let reason): reason
        case .failed(let failure): "\(failure)"
        case .ended(.closedByPeer): "the server closed the stream"
        case .ended(.refusedByPeer(let error)), .ended(.closedHere(.some(let error))):
            "the stream ended: \(error.condition.rawValue)" + (error.text.map { " (\($0))" } ?? "")
        case .ended(.closedHere(nil)): "the stream was closed here"
        case .ended(.lost(let reason)): "the connection broke: \(reason)"
        }
    }
}
