import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Why an answer did not come.
package enum WebFailure: Error, Hashable, CustomStringConvertible {
    /// Not in the time that there was for all of it.
    case late(Duration)
    /// The reason, in words for people.
    case unanswered(String)

    package var description: String {
        switch self {
        case .late(let limit): "it takes longer than \(limit)"
        case .unanswered(let reason): reason
        }
    }

    /// The failure that an error of the client stands for; that of the task itself if it was cancelled.
    static func from(_ error: any Error) -> any Error {
        if Task.isCancelled { return CancellationError() }
        return Self.unanswered(Self.words(for: error))
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            return Self.words(for: error)
        case let error as IOError:
            return unsafe String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout:
            return "it cannot be reached in time"
        case let error as HTTPClientError:
            return Self.words(for: error)
        case NIOSSLError.handshakeFailed(let reason):
            return "TLS fails, as it does where a certificate is not trusted: \(reason)"
        case NIOSSLExtraError.failedToValidateHostname as NIOSSLExtraError:
            return "its certificate is for another name"
        default:
            return String(describing: error)
        }
    }

    /// What each address said, if there were any.
    private static func words(for error: NIOConnectionError) -> String {
        var reasons: [String] = []
        for failure in error.connectionErrors {
            let reason = Self.words(for: failure.error)
            if !reasons.contains(reason) { reasons.append(reason) }
        }
        guard reasons.isEmpty else { return reasons.joined(separator: "; ") }
        let unknown = (error.dnsAError ?? error.dnsAAAAError) as? SocketAddressError.UnknownHost
        return "the name \(error.host) is not found" + (unknown.map { ": \($0.errorDescription)" } ?? "")
    }

    private static func words(for error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout: "it cannot be reached in time"
        case .readTimeout: "nothing comes any more, or is read of it"
        case .remoteConnectionClosed: "it closes the connection"
        default: error.shortDescription
        }
    }
}
