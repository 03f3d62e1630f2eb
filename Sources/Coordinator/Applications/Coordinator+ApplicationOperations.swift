import CloudModel
import Operations
import Placement
import Storage
import Synchronization

extension Coordinator {
    /// Offers the operations on applications.
    func registerApplications(in table: inout OperationTable) {
        table.register("application.plan") { invocation, _ throws(OperationError) in
            let plan = try await self.plan(
                try Self.specification(in: invocation), for: invocation.caller.address,
                scope: invocation.scope)
            return try OperationResult(site: self.configuration.address, encoding: plan)
        }
        table.register("application.apply") { invocation, progress throws(OperationError) in
            try await self.performApply(invocation, progress)
        }
        table.register("application.list") { invocation, _ throws(OperationError) in
            try self.requireLoaded()
            return try OperationResult(
                site: self.configuration.address,
                encoding: self.applications(for: invocation.caller.address, scope: invocation.scope))
        }
        table.register("application.show") { invocation, progress throws(OperationError) in
            let application = try self.application(in: invocation)
            let goal = Goal(of: invocation, otherwise: .accepted)
            let part = invocation["part"]?.string
            try Self.check(part, of: application)
            let shown =
                goal == .accepted
                ? self.report(on: application)
                : await self.wait(for: application, until: goal, orRunning: part, telling: progress)
            return try OperationResult(site: self.configuration.address, encoding: shown)
        }
        table.register("application.cancel") { invocation, _ throws(OperationError) in
            let application = try self.application(in: invocation)
            guard application.saga.phase != .removing else {
                throw OperationError(
                    .conflict, "\(application.saga.name) is being removed", next: "wait until it is gone")
            }
            try await self.change(application) { $0.cancel(over: $1) }
            let left = self.report(on: application)
            return try OperationResult(
                site: self.configuration.address, encoding: left, message: Self.summary(of: left))
        }
        table.register("application.remove") { invocation, progress throws(OperationError) in
            let application = try self.application(in: invocation)
            try await self.change(application) { saga, _ in saga.remove() }
            let left = await self.wait(for: application, until: .removed, telling: progress)
            return try OperationResult(
                site: self.configuration.address, encoding: left, message: Self.summary(of: left))
        }
    }

    private static func specification(
        in invocation: Invocation
    ) throws(OperationError) -> ApplicationSpecification {
        var specification = try ApplicationDocument.specification(from: invocation["document"] ?? .null)
        for index in specification.parts.indices {
            specification.parts[index].workload = try specification.parts[index].workload.prepared()
        }
        return specification
    }

    /// A part that is waited for must be one of the application's.
    private static func check(
        _ part: String?, of application: StoredApplication
    ) throws(OperationError) {
        guard let part, application.saga[part: part] == nil else { return }
        throw OperationError(
            .notFound, "\(application.saga.name) has no part \(part.quoted)",
            next: "application show \(application.saga.name) says which it has")
    }

    private func application(in invocation: Invocation) throws(OperationError) -> StoredApplication {
        try self.application(
            try invocation.text("application"), for: invocation.caller.address, scope: invocation.scope)
    }

    /// An application that fails or is cancelled while it is waited for is an error that says why.
    private func performApply(
        _ invocation: Invocation, _ progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let id = try await self.apply(
            try Self.specification(in: invocation), for: invocation.caller.address, scope: invocation.scope,
            mayDestroy: invocation.flag("destroy"))
        let application = try self.application(id.description, for: "", scope: .site)
        let goal = Goal(of: invocation, otherwise: .accepted)
        let reached = await self.wait(for: application, until: goal, telling: progress)
        let name = reached.name
        switch reached.state {
        case .failed where goal != .accepted:
            throw OperationError(
                .refused, Self.summary(of: reached),
                next: "change the document and apply it again, or: application remove \(name)")
        case .cancelled, .removing, .removed:
            throw OperationError(
                .cancelled, Self.summary(of: reached), next: "application show \(name) says what is left")
        case .applying, .running, .failed:
            return try OperationResult(
                site: self.configuration.address, encoding: reached, message: Self.summary(of: reached))
        }
    }

    /// `shop: running; db running at paris.test, web waits for db`.
    private static func summary(of application: Application) -> String {
        let parts = application.parts.map { part in
            "\(part.name) \(part.text)\(Self.places(of: part))"
        }
        var text = "\(application.name): \(application.state.rawValue)"
        if !parts.isEmpty { text += "; " + parts.joined(separator: "; ") }
        if let reason = application.reason { text += ". " + reason }
        return text
    }
}
