import Agent
import CloudModel
import Coordinator
import Federation
import Logging
import Operations
import Storage
import Testing
import XML
import XMPP
import XMPPTransport

@Suite("Coordinator and agent")
struct CoordinatorAgentTests {
    /// A stream between a coordinator and one agent, in memory.
    private struct DirectLink: XMPPLink {
        let address = JID(preparedLocal: nil, domain: "coordinator.test", resource: nil)
        let responder: SiteResponder
        let operations: OperationTable

        func send(_ stanza: Stanza) async throws {}

        func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
            guard iq.to?.domain == "paris.test", let request = iq.request else {
                throw StanzaError(.remoteServerNotFound)
            }
            var asked = iq
            asked.from = self.address
            guard Invoke.matches(request) else {
                return asked.reply(.result(try await self.responder.answer(request, from: self.address)))
            }
            do {
                let invocation = try Invoke(parsing: request).invocation(by: GrantBook.Caller(self.address))
                let result = try await self.operations.perform(invocation)
                return asked.reply(.result(Outcome(result).element))
            } catch let error as OperationError {
                throw error.stanzaError
            }
        }
    }

    private static func grants(_ nouns: [String]) -> GrantBook {
        GrantBook(
            grants: nouns.map {
                Grant(subject: .address("coordinator.test"), permissions: .noun($0), scope: .own)
            })
    }

    /// Runs a coordinator that knows the harness's agent and nothing else.
    private func run(
        _ harness: AgentHarness, granted nouns: [String] = ["reservation", "machine"],
        _ body: @Sendable (Coordinator) async throws -> Void
    ) async throws {
        let book = Self.grants(nouns)
        var table = OperationTable(site: SiteID("paris.test")) { () throws(OperationError) in book }
        harness.agent.register(in: &table)
        let link = DirectLink(responder: harness.agent.responder { book }, operations: table)
        let now = AgentFixtures.start
        let coordinator = Coordinator(
            configuration: .init(address: AgentHarness.coordinator), store: PlacementStore(try Database()),
            sites: LinkedSites(link: link) {
                let description = harness.agent.description
                return AllianceView(sites: [
                    .init(description: description, received: now, reachability: .reachable)
                ])
            }, now: { now }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await coordinator.run() }
            defer { group.cancelAll() }
            try await coordinator.untilReady()
            try await body(coordinator)
        }
    }

    private func specification(_ harness: AgentHarness, replicas: Int = 2) -> WorkloadSpecification {
        WorkloadSpecification(
            name: "web", replicas: replicas,
            resources: Resources(vcpus: 1, memory: Mebibytes(512), disk: Mebibytes(1_024)),
            image: ImageReference(format: .qcow2, location: harness.images + "/base.qcow2"))
    }

    @Test("A workload becomes machines that run, its reports arrive, and removing it leaves nothing")
    func wholeLife() async throws {
        try await AgentHarness.with { harness in
            try await self.run(harness) { coordinator in
                let placed = try await coordinator.place(
                    self.specification(harness), owner: "alice@paris.test", idempotencyKey: nil)
                let workload = try await coordinator.settled("\(placed.id)", owner: "alice@paris.test")
                #expect(workload.state == .placed)
                for machine in workload.replicas.compactMap(\.machine) {
                    try await harness.waitForReport(.running, of: machine)
                }
                for (machine, holder) in harness.outbox.reports {
                    #expect(holder == AgentHarness.coordinator)
                    try await coordinator.receive(MachineReport(machine: machine), from: AgentFixtures.paris)
                }
                let running = try coordinator.workload("web", for: "alice@paris.test", scope: .own)
                #expect(running.replicas.map(\.state) == [.running, .running])

                await coordinator.remove(placed.id)
                let removed = try await coordinator.settled("\(placed.id)", owner: "alice@paris.test")
                #expect(removed.state == .removed)
            }
        }
    }

    @Test("A site that grants the coordinator nothing is named in the chain, with what to do")
    func notGranted() async throws {
        try await AgentHarness.with { harness in
            try await self.run(harness, granted: []) { coordinator in
                let placed = try await coordinator.place(
                    self.specification(harness, replicas: 1), owner: "alice@paris.test",
                    idempotencyKey: nil)
                let workload = try await coordinator.settled("\(placed.id)", owner: "alice@paris.test")
                #expect(workload.state == .failed)
                #expect(workload.reason?.contains("paris.test grants coordinator.test no") == true)
                #expect(workload.reason?.contains("grant add coordinator.test") == true)
            }
        }
    }
}
