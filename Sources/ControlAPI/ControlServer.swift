import CloudModel
package import Hummingbird
package import Logging
import NIOCore
package import Operations
import ServiceLifecycle

/// The catalogue over HTTP: `/v1`, its OpenAPI document, `/healthz` and `/metrics`.
///
/// A request over HTTP needs no confirmation: it names its method and its object in full, which is what a code in chat
/// asks a person to do.
package struct ControlServer: Service {
    private let configuration: Configuration
    private let performer: any OperationGatekeeper
    private let health: @Sendable () async -> HealthReport
    private let metrics: PrometheusRegistry
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// `onListening` is told the port once connections are accepted.
    package init(
        configuration: Configuration, performer: any OperationGatekeeper, metrics: PrometheusRegistry,
        logger: Logger, health: @escaping @Sendable () async -> HealthReport,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.performer = performer
        self.metrics = metrics
        self.logger = logger
        self.health = health
        self.onListening = onListening
    }

    package func run() async throws {
        try await self.application.run()
    }

    /// The server with all its routes; tests ask it without a socket.
    package var application: some ApplicationProtocol {
        let onListening = self.onListening
        let logger = self.logger
        return Application(
            router: self.router,
            server: .http1(
                configuration: .init(
                    idleTimeout: .milliseconds(self.configuration.idleTimeout.wholeMilliseconds))),
            configuration: ApplicationConfiguration(
                address: .hostname(self.configuration.host, port: self.configuration.port),
                serverName: "tradewind"),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                logger.info("HTTP is served", metadata: ["port": "\(port)"])
                await onListening(port)
            }, logger: self.logger)
    }

    private var router: Router<ControlContext> {
        let router = Router(context: ControlContext.self)
        router.middlewares.add(ProblemMiddleware())
        let tokens = TokenTable(self.configuration.tokens)
        for operation in Catalogue.operations {
            router.on(
                RouterPath("/v1" + operation.route.path), method: Self.method(of: operation.route)
            ) { request, context in
                try await self.perform(operation, request, context, tokens)
            }
        }
        router.post("/v1/operations/{name}") { request, context in
            let name = context.parameters.get("name") ?? ""
            guard let operation = Catalogue.operation(name) else { throw Catalogue.unknown(name) }
            return try await self.perform(operation, request, context, tokens, isNamed: true)
        }
        router.get("/v1/operations") { _, _ in
            Answer.response(.ok, OpenAPIDocument.operations)
        }
        router.get("/v1/openapi.json") { _, _ in
            Answer.response(.ok, OpenAPIDocument.value)
        }
        router.get("/healthz") { _, _ in
            let report = await self.health()
            return Answer.response(report.isHealthy ? .ok : .serviceUnavailable, report.value)
        }
        router.get("/metrics") { _, _ in
            Answer.response(.ok, text: self.metrics.text, type: PrometheusRegistry.mediaType)
        }
        return router
    }

    private func perform(
        _ operation: Operations.Operation, _ request: Request, _ context: ControlContext,
        _ tokens: TokenTable, isNamed: Bool = false
    ) async throws -> Response {
        guard let caller = tokens.caller(authorization: request.headers[.authorization]) else {
            throw OperationError(
                .unauthenticated, "the request has no token that is known here",
                next: "send Authorization: Bearer TOKEN; the owner keeps tokens in the configuration")
        }
        var path: [String: String] = [:]
        if !isNamed {
            for name in operation.route.parameters {
                guard let text = context.parameters.get(name).flatMap({ PercentDecoding.decode($0[...]) })
                else {
                    throw OperationError(.badRequest, "\(name) in the path is not percent-encoded UTF-8")
                }
                path[name] = text
            }
        }
        let invocation = try await RequestReader(bodyLimit: self.configuration.bodyLimit)
            .invocation(of: operation, in: request, path: path, caller: caller)
        let limit = TimeLimit(self.configuration.operationTimeout)
        let performer = self.performer
        if operation.isFeed, EventStream.isWanted(by: request) {
            let channel = context.channel
            return FeedStream(
                of: invocation, with: performer, interval: self.configuration.feedInterval,
                cutOff: { channel.close(promise: nil) }
            ).response
        }
        if operation.isLong, EventStream.isWanted(by: request) {
            return EventStream.response { progress async throws(OperationError) in
                try await limit.perform(invocation, with: performer, progress: progress)
            }
        }
        return Answer.response(
            to: try await limit.perform(invocation, with: performer) { _ in })
    }

    private static func method(of route: Operations.Operation.Route) -> HTTPRequest.Method {
        switch route.method {
        case .get: .get
        case .post: .post
        case .put: .put
        case .delete: .delete
        }
    }
}
