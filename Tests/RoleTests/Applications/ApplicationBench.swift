import CloudModel
import Coordinator
import Operations
import Placement
import Testing

/// What the tests of applications do with a coordinator over fake sites.
enum ApplicationBench {
    static let usual = "image: /images/web, format: raw, vcpus: 1, memory: 1 GiB, disk: 1 GiB"

    static let shop = """
        application: shop
        defaults: {\(usual)}
        parts:
          db: {only: [paris.test]}
          api: {after: [db], within: {db: 120 ms}, audience: [US]}
          web: {after: [api], audience: [JP], replicas: 2}
        """

    /// The same application with other parts, each a line of its document.
    static func document(_ parts: String...) -> String {
        "application: shop\ndefaults: {\(Self.usual)}\nparts:\n" + parts.map { "  \($0)\n" }.joined()
    }

    static func invocation(
        _ verb: String, _ arguments: [String: Value], by caller: GrantBook.Caller = CoordinatorBench.alice
    ) -> Invocation {
        Invocation(operation: "application.\(verb)", arguments: arguments, caller: caller)
    }

    static func apply(
        _ document: String = shop, wait: String = "accepted", destroy: Bool = true,
        by caller: GrantBook.Caller = CoordinatorBench.alice
    ) -> Invocation {
        Self.invocation(
            "apply", ["document": .string(document), "wait": .string(wait), "destroy": .bool(destroy)],
            by: caller)
    }

    /// Sites, in the order of the replicas, by part.
    static func sites(_ application: Application) -> [String: [String]] {
        Dictionary(uniqueKeysWithValues: application.parts.map { ($0.name, $0.sites.map(\.address)) })
    }
}

extension Coordinator {
    /// Lets machines come up, reports them and looks again, until the application is in one of `states`; nil once it is
    /// gone, or if `isOver` says so first.
    func settled(
        _ name: String, as states: Set<Application.State> = [.running], over bench: CoordinatorBench,
        until isOver: () -> Bool = { false }
    ) async throws -> Application? {
        try await bench.settle(self) { () -> Application?? in
            await self.advanceDueApplications()
            let applications = self.applications(for: "root@paris.test", scope: .site)
            guard let application = applications.first(where: { $0.name == name }) else { return .some(nil) }
            return states.contains(application.state) || isOver() ? .some(application) : nil
        }
    }
}

extension OperationResult {
    func application() throws -> Application {
        try ValueDecoder().decode(Application.self, from: self.value)
    }
}
