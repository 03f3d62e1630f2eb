import Foundation
import FoundationNetworking

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
        let limit = self.limit
        return try await withThrowingTaskGroup(of: Duration.self) { group in
            group.addTask { try await Self.time(of: url) }
            group.addTask {
                try await Task.sleep(for: limit)
                throw Failure.late(limit)
            }
            defer { group.cancelAll() }
            guard let time = try await group.next() else { throw CancellationError() }
            return time
        }
    }

    private static func time(of url: URL) async throws -> Duration {
        do {
            let request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData)
            let head = try await Exchange(followsRedirects: false).head(of: request)
            guard (200..<300).contains(head.status) else { throw Failure.status(head.status) }
            return head.time
        } catch let error as URLError {
            throw Failure.unanswered(error.localizedDescription)
        }
    }
}
