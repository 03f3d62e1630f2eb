import Foundation
import WebRequests

/// Measures how long it takes to get the head of a page, over a connection of its own: the name of the host, the
/// connection and TLS count as well.
///
/// The body is not read, and redirects are not followed: each answer is one step of what users wait for.
struct AnswerProbe {
    /// Why there is no time that says how users fare.
    enum Failure: Error, Hashable, CustomStringConvertible {
        case late(Duration)
        case status(Int)
        case unanswered(String)

        var description: String {
            switch self {
            case .late(let limit): "no answer within \(limit.components.seconds) s"
            case .status(let code) where (300..<400).contains(code):
                "it answers \(code), and redirects are not followed: give the URL that this one leads to"
            case .status(let code): "it answers \(code)"
            case .unanswered(let text): text
            }
        }
    }

    /// How long an answer may take.
    var limit = Duration.seconds(10)

    /// Asks once, and says how long it took until the head of an answer was there that is neither error nor redirect.
    func get(_ url: URL) async throws -> Duration {
        var request = WebRequest(url.absoluteString, idle: self.limit)
        request.whole = self.limit
        let began = ContinuousClock.now
        do {
            return try await request.send { answer in
                let time = ContinuousClock.now - began
                guard (200..<300).contains(answer.status) else { throw Failure.status(answer.status) }
                return time
            }
        } catch WebFailure.late(let limit) {
            throw Failure.late(limit)
        } catch WebFailure.unanswered(let reason) {
            throw Failure.unanswered(reason)
        }
    }
}
