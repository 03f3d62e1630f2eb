import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// An answer whose head is there, and whose body comes piece by piece, as fast as it is read.
package struct WebAnswer: Sendable {
    private let response: HTTPClientResponse

    init(_ response: HTTPClientResponse) {
        self.response = response
    }

    package var status: Int {
        Int(self.response.status.code)
    }

    /// The first header of this name.
    package func header(_ name: String) -> String? {
        self.response.headers.first(name: name)
    }

    /// Gives `use` the body, piece by piece, to its end; once.
    ///
    /// Throws a ``WebFailure`` if it does not come, and what `use` throws.
    package func read(_ use: ([UInt8]) async throws -> Void) async throws {
        var pieces = self.response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next(isolation: #isolation)
                // What was cancelled may end as if it were whole.
                try Task.checkCancellation()
            } catch {
                throw WebFailure.from(error)
            }
            guard let piece else { return }
            try await use(Array(piece.readableBytesView))
        }
    }
}
