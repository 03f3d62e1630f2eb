import Agent
import CloudModel
import Federation
import Foundation
import Logging
import MachineDrivers
import Operations
import Storage
import XML
import XMPP

/// A real agent on an in-memory driver, behind the faulty network.
final class OversellSite: Sendable {
    struct Process: Sendable {
        let agent: Agent
        let responder: SiteResponder
        let operations: OperationTable
    }

    static let address = SiteID("site.test")
    /// What one machine takes; the site has room for `slots` of them.
    static let machine = Resources(vcpus: 1, memory: Mebibytes(64), disk: Mebibytes(64))
    static let slots = 16

    let lives = Lives<Process>()
    let driver: InMemoryDriver
    private let database: Database
    private let clock: FastClock
    private let directory: String
    private let grants: GrantBook
    private let report: @Sendable (Machine, SiteID) async throws -> Void

    init(
        clock: FastClock, directory: String, coordinators: [SiteID],
        report: @escaping @Sendable (Machine, SiteID) async throws -> Void
    ) throws {
        self.clock = clock
        self.directory = directory
        self.report = report
        self.database = try Database(path: directory + "/site.sqlite")
        let total = Resources(
            vcpus: Self.slots, memory: Mebibytes(Int64(Self.slots) * 64),
            disk: Mebibytes(Int64(Self.slots) * 64))
        self.driver = InMemoryDriver(hosts: [
            Host(name: "h1", hypervisor: "memory", total: total, load: 0, freeMemory: total.memory)
        ])
        self.grants = GrantBook(
            grants: coordinators.flatMap { coordinator in
                ["reservation", "machine"].map {
                    Grant(subject: .address(coordinator.address), permissions: .noun($0), scope: .own)
                }
            })
    }

    /// Lives until cancelled.
    func run() async throws {
        try await self.lives.live({ try self.start() }) { try await $0.agent.run() }
    }

    private func start() throws -> Process {
        let agent = try Agent(
            configuration: AgentConfiguration(
                site: Self.address, profile: AgentConfiguration.Profile(name: "Site"),
                rules: SiteRules(memory: .seconds(3_000)), measureInterval: .milliseconds(20),
                retryDelay: .milliseconds(5)),
            driver: self.driver,
            images: ImageStore(
                configuration: ImageStoreConfiguration(
                    directories: [self.directory], cache: self.directory + "/cache")),
            database: self.database,
            outlets: Agent.Outlets(report: self.report, publish: { _ in }, listens: { _ in true }),
            logger: Logger(label: "site") { _ in SwiftLogNoOpLogHandler() }, now: { self.clock.now() })
        let grants = self.grants
        var table = OperationTable(site: Self.address) { () throws(OperationError) in grants }
        agent.register(in: &table)
        return Process(agent: agent, responder: agent.responder { grants }, operations: table)
    }

    /// Answers a request as the site's process does; nobody answers while it is down.
    func serve(_ request: IQ, from sender: JID) async throws -> IQ {
        let answer = try await self.lives.use { process -> IQ in
            var asked = request
            asked.from = sender
            guard let payload = asked.request else { throw StanzaError(.badRequest) }
            guard Invoke.matches(payload) else {
                return asked.reply(.result(try await process.responder.answer(payload, from: sender)))
            }
            do {
                let invocation = try Invoke(parsing: payload).invocation(by: GrantBook.Caller(sender))
                return asked.reply(.result(Outcome(try await process.operations.perform(invocation)).element))
            } catch let error as OperationError {
                throw error.stanzaError
            }
        }
        guard let answer else { throw CancellationError() }
        return answer
    }

    /// What is promised of the site now, in machines: those that take room and those that are held.
    func promised() async -> (occupying: Int, held: Int)? {
        await self.lives.use { process in
            process.agent.service.keeper.read { ledger in
                (
                    occupying: ledger.machines.values.filter(\.occupies).count,
                    held: ledger.reservations.values.filter { $0.reservation.state == .held }.count
                )
            }
        }
    }

    /// What the site says about itself; nil while it is down or has not looked yet.
    func description() async -> SiteDescription? {
        let seen = await self.lives.use { process -> SiteDescription? in
            guard process.agent.service.keeper.read(\.isMeasured) else { return nil }
            return process.agent.description
        }
        return seen ?? nil
    }
}
