import NIOHTTP1

extension TradewindClient {
    /// Says what applying a document would change, and where its parts would go; nothing is changed.
    ///
    /// - Parameter document: the application in YAML or JSON.
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func plan(document: String) async throws -> ApplicationPlan {
        try await self.transport.perform(.POST, ["application-plans"], body: ["document": document])
    }

    /// Makes an application what a document says; returns once the coordinator has taken that on and stored it.
    ///
    /// - Parameter document: the application in YAML or JSON.
    /// - Parameter destroying: agrees that machines are deleted with their disks where parts are replaced, removed or
    ///   scaled down; without it a document that calls for that is refused.
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func apply(
        document: String, destroying: Bool = false, key: String = Self.freshKey()
    ) async throws -> Application {
        let status: ApplicationStatus = try await self.transport.perform(
            .POST, ["applications"], body: Accepted(Apply(document: document, destroy: destroying)), key: key)
        return Application(id: status.id, client: self)
    }

    private struct Apply: Encodable {
        let document: String
        let destroy: Bool
    }

    /// A handle to an application that is there already, by name or id.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func application(_ application: String) async throws -> Application {
        Application(id: try await self.showApplication(application).id, client: self)
    }

    /// How an application is now, by name or id.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func showApplication(_ application: String) async throws -> ApplicationStatus {
        try await self.transport.perform(.GET, ["applications", application])
    }

    /// All applications that the caller may see.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func listApplications() async throws -> [ApplicationStatus] {
        try await self.transport.perform(.GET, ["applications"])
    }
}
