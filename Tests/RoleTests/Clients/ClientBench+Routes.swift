import Hummingbird
import Logging
import TestSupport

extension ClientBench {
    /// Something that is no coordinator answers as `router` does while `body` uses it, by its address.
    static func serving(
        _ router: Router<BasicRequestContext>, _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws {
        let ports = Recorder<Int>()
        let server = Hummingbird.Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in ports.record(channel.localAddress?.port ?? 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body("http://127.0.0.1:\(try await ports.next())")
            group.cancelAll()
        }
    }
}
