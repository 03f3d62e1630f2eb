import Agent
import CloudModel
import Federation
import Testing
import XML
import XMPP

@Suite
struct AgentResponderTests {
    private static let permissions: [Grant.Permissions] = [.noun("reservation"), .noun("machine")]

    private static let book = GrantBook(
        grants: permissions.map {
            Grant(subject: .domain("coordinator.test"), permissions: $0, scope: .own)
        })

    private func ask(
        _ request: some Payload, of harness: AgentHarness, as sender: String = "coordinator.test"
    )
        async throws -> Element
    {
        try await harness.agent.responder { Self.book }
            .answer(request.element, from: try JID(sender))
    }

    private func reserve(_ request: SiteLedger.Request) -> ReserveRequest {
        ReserveRequest(
            id: request.id, specification: request.specification, replica: request.replica,
            holdFor: request.holdFor)
    }

    @Test("Reserve, query, commit, list and release, as a coordinator sees them")
    func conversation() async throws {
        try await AgentHarness.with { harness in
            let request = harness.request("web-1")
            let held = try ReservationAnswer(
                parsing: try await self.ask(self.reserve(request), of: harness))
            #expect(held.reservation.state == .held)
            #expect(held.reservation.holder == AgentHarness.coordinator)
            let again = try ReservationAnswer(
                parsing: try await self.ask(self.reserve(request), of: harness))
            #expect(again.reservation == held.reservation)
            let queried = try ReservationAnswer(
                parsing: try await self.ask(ReservationQuery(id: request.id), of: harness))
            #expect(queried.reservation == held.reservation)
            let made = try MachineAnswer(
                parsing: try await self.ask(CommitRequest(id: request.id), of: harness))
            #expect(made.machine.state == .creating)
            let list = try MachineList(
                parsing: try await self.ask(
                    MachineQuery(workload: request.replica?.workload), of: harness))
            #expect(list.machines.map(\.id) == [made.machine.id])
            let released = try ReservationAnswer(
                parsing: try await self.ask(ReleaseRequest(id: request.id), of: harness))
            #expect(released.reservation.state == .committed)
        }
    }

    @Test("An answer says how many changes are stored, so that it is known which rows show the reservation")
    func generation() async throws {
        try await AgentHarness.with { harness in
            let before = harness.agent.description.capacity
            let counted = try #require(before.generation)
            let request = harness.request("web-1")
            let held = try ReservationAnswer(
                parsing: try await self.ask(self.reserve(request), of: harness))
            let told = try #require(held.generation)
            #expect(told > counted)
            let after = harness.agent.description.capacity
            #expect(told <= after.generation ?? 0)
            #expect(after.free.vcpus == before.free.vcpus - request.specification.resources.vcpus)
            let queried = try ReservationAnswer(
                parsing: try await self.ask(ReservationQuery(id: request.id), of: harness))
            #expect(try #require(queried.generation) >= told)
            let released = try ReservationAnswer(
                parsing: try await self.ask(ReleaseRequest(id: request.id), of: harness))
            #expect(try #require(released.generation) > told)
        }
    }

    @Test("Somebody without grants learns nothing and changes nothing")
    func noGrants() async throws {
        try await AgentHarness.with { harness in
            let request = harness.request("web-1")
            let payloads: [any Payload] = [
                self.reserve(request), CommitRequest(id: request.id), ReleaseRequest(id: request.id),
                ReservationQuery(id: request.id), MachineQuery(workload: nil),
            ]
            for payload in payloads {
                let error = await #expect(throws: StanzaError.self) {
                    try await self.ask(payload, of: harness, as: "mallory.test")
                }
                #expect(error?.condition == .forbidden)
                let refusal = error.flatMap { Refusal(in: $0) }
                #expect(refusal?.reason == .notGranted)
                #expect(refusal?.capacity == nil)
            }
            #expect(harness.agent.description.capacity.free.vcpus == 8)
        }
    }

    @Test("A site that is in quarantine or has left reserves nothing, whatever it is granted")
    func suspended() async throws {
        try await AgentHarness.with { harness in
            for suspension in [GrantBook.Suspension.quarantined, .notAllied] {
                var book = Self.book
                book.suspensions = ["coordinator.test": suspension]
                let responder = harness.agent.responder { [book] in book }
                let request = self.reserve(harness.request("web-1")).element
                let error = await #expect(throws: StanzaError.self) {
                    try await responder.answer(request, from: try JID("coordinator.test"))
                }
                #expect(error?.condition == .forbidden)
                #expect(error.flatMap { Refusal(in: $0) }?.reason == .notGranted)
                #expect(error?.text?.contains(suspension.next) == true)
            }
            #expect(harness.agent.description.capacity.free.vcpus == 8)
        }
    }

    @Test("A refusal carries what the site really has")
    func refusalCarriesCapacity() async throws {
        try await AgentHarness.with { harness in
            let error = await #expect(throws: StanzaError.self) {
                try await self.ask(self.reserve(harness.request("big", vcpus: 9)), of: harness)
            }
            #expect(error?.condition == .resourceConstraint)
            #expect(error?.text?.contains("can ever hold") == true)
            let refusal = error.flatMap { Refusal(in: $0) }
            #expect(refusal?.reason == .noRoom)
            #expect(refusal?.capacity?.largestFreeSlot.vcpus == 8)
        }
    }

    @Test("What is not one of our requests, or half of one, is a bad request")
    func malformed() async throws {
        try await AgentHarness.with { harness in
            let responder = harness.agent.responder { Self.book }
            let elements = [
                Element("reserve", namespace: ReserveRequest.namespace),
                Element("commit", namespace: CommitRequest.namespace, ["id": "not-a-uuid"]),
                Element("dance", namespace: ReserveRequest.namespace),
            ]
            for element in elements {
                let error = await #expect(throws: StanzaError.self) {
                    try await responder.answer(element, from: try JID("coordinator.test"))
                }
                #expect(error?.condition == .badRequest)
            }
        }
    }

    @Test("What one holder has is not there for another")
    func strangers() async throws {
        try await AgentHarness.with { harness in
            let request = harness.request("web-1")
            _ = try await harness.place(request)
            let book = GrantBook(
                grants: Self.permissions.map {
                    Grant(subject: .domain("tokyo.test"), permissions: $0, scope: .own)
                })
            let responder = harness.agent.responder { book }
            let error = await #expect(throws: StanzaError.self) {
                try await responder.answer(
                    CommitRequest(id: request.id).element, from: try JID("tokyo.test"))
            }
            #expect(error?.condition == .itemNotFound)
            let list = try MachineList(
                parsing: try await responder.answer(
                    MachineQuery(workload: nil).element, from: try JID("tokyo.test")))
            #expect(list.machines.isEmpty)
        }
    }
}
