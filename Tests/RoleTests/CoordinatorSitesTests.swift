import CloudModel
import Coordinator
import Federation
import Operations
import Synchronization
import Testing
import XML
import XMPP
import XMPPTransport

@Suite("Sites over XMPP, and machines of replicas", .timeLimit(.minutes(2)))
struct CoordinatorSitesTests {
    /// A link that answers everything with one body and remembers what was asked.
    private final class OneAnswer: XMPPLink {
        let address = JID(preparedLocal: nil, domain: "coordinator.test", resource: nil)
        let asked = Mutex<[IQ]>([])
        private let answer: @Sendable (IQ) throws -> IQ.Body

        init(_ answer: @escaping @Sendable (IQ) throws -> IQ.Body) {
            self.answer = answer
        }

        func send(_ stanza: Stanza) async throws {}

        func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
            self.asked.withLock { $0.append(iq) }
            return iq.reply(try self.answer(iq))
        }
    }

    private func ask(
        _ request: SiteRequest? = nil, answer: @escaping @Sendable (IQ) throws -> IQ.Body
    ) async throws -> (Result<SiteAnswer, SiteFailure>, IQ) {
        let link = OneAnswer(answer)
        let sites = LinkedSites(link: link) { AllianceView(sites: []) }
        let result = await sites.ask(
            try request ?? .query(ReservationQuery(id: Self.id())), of: SiteID("paris.test"),
            timeout: .seconds(1))
        return (result, try #require(link.asked.withLock { $0.first }))
    }

    private static func id() throws -> ReservationID {
        try #require(ReservationID("00000000-0000-4000-8000-000000000001"))
    }

    @Test("An error says whether the request was refused, got lost, or never left")
    func errors() async throws {
        let cases: [(StanzaError, SiteFailure)] = [
            (
                Refusal(reason: .noRoom).stanzaError("no host has 4 vCPU"),
                .refused("no host has 4 vCPU", capacity: nil, reason: .noRoom)
            ),
            (Refusal(reason: .notFound).stanzaError("none"), .absent),
            (StanzaError(.itemNotFound), .absent),
            (StanzaError(.forbidden, text: "no grant"), .refused("no grant", capacity: nil)),
            (StanzaError(.remoteServerNotFound, text: "no route"), .unreachable("no route")),
            (StanzaError(.resourceConstraint, text: "the queue is full"), .notAsked("the queue is full")),
            (StanzaError(.remoteServerTimeout), .silent("no answer in time")),
            (StanzaError(.internalServerError, text: "oops"), .silent("oops")),
        ]
        for (error, failure) in cases {
            let (result, iq) = try await self.ask { _ in throw error }
            #expect(result == .failure(failure), "\(error.condition)")
            #expect(iq.to?.description == "paris.test")
        }
    }

    @Test("How many changes a site had counted is passed on; one of an earlier release does not tell")
    func generation() async throws {
        let reservation = Reservation(
            id: try Self.id(), holder: SiteID("coordinator.test"),
            specification: MachineSpecification(
                name: "web-0",
                resources: Resources(vcpus: 1, memory: .gibibytes(1), disk: .gibibytes(1)),
                image: ImageReference(format: .raw, location: "/images/web")),
            replica: nil, expires: Instant(millisecondsSinceEpoch: 1_800_000_000_000))
        for generation in [413, nil] as [Int?] {
            let answer = ReservationAnswer(reservation: reservation, generation: generation)
            let (result, _) = try await self.ask { _ in .result(answer.element) }
            #expect(result == .success(.reservation(reservation, generation: generation)))
        }
    }

    @Test("An answer that cannot be read settles nothing")
    func strangeAnswers() async throws {
        let (empty, _) = try await self.ask { _ in .result(nil) }
        #expect(empty == .failure(.silent("the answer is empty")))
        let (odd, _) = try await self.ask { _ in .result(Element("odd", namespace: "urn:odd")) }
        guard case .failure(.silent) = odd else {
            Issue.record("\(odd) should be silence")
            return
        }
    }

    @Test("A machine is deleted by the operation of the catalogue, on the owner's behalf")
    func deletion() async throws {
        let machine = try #require(MachineID("00000000-0000-4000-8000-000000000002"))
        let (result, iq) = try await self.ask(.delete(machine, behalf: "alice@paris.test")) { _ in
            .result(nil)
        }
        #expect(result == .success(.deleted))
        let invoke = try Invoke(parsing: try #require(iq.request))
        #expect(invoke.operation == "machine.delete")
        #expect(invoke.behalf == "alice@paris.test")
        #expect(invoke.arguments == ["machine": .string(machine.description)])
    }

    /// Takes down what it is asked to perform elsewhere.
    private final class Remote: OperationPerformer {
        let asked = Mutex<[Invocation]>([])

        func perform(
            _ invocation: Invocation, progress: @escaping ProgressSink
        ) async throws(OperationError) -> OperationResult {
            self.asked.withLock { $0.append(invocation) }
            return OperationResult(site: invocation.site ?? SiteID("nowhere.test"))
        }
    }

    @Test("What is asked of a replica's machine goes to the site where it is, for its owner only")
    func forwarding() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let workload = try await table.perform(CoordinatorBench.place()).workload()
            let remote = Remote()
            var forwarding = OperationTable(site: SiteID("coordinator.test")) { () throws(OperationError) in
                GrantBook(grants: [
                    Grant(subject: .domain("paris.test"), permissions: .noun("machine"), scope: .own)
                ])
            }
            MachineForwarding(coordinator: coordinator, remote: remote).register(in: &forwarding)
            let stop = Invocation(
                operation: "machine.shutdown", arguments: ["machine": .string("web-0")],
                caller: CoordinatorBench.alice)
            let result = try await forwarding.perform(stop)
            #expect(result.site == SiteID("tokyo.test"))
            let asked = try #require(remote.asked.withLock { $0.first })
            let machine = try #require(workload.replicas[0].machine)
            #expect(asked.arguments == ["machine": .string(machine.description)])
            #expect(asked.behalf == "alice@paris.test")

            let foreign = Invocation(
                operation: "machine.shutdown", arguments: ["machine": .string("web-0")],
                caller: CoordinatorBench.bob)
            let error = await #expect(throws: OperationError.self) { try await forwarding.perform(foreign) }
            #expect(error?.code == .notFound)
        }
    }

    /// A link that answers when it is told to.
    private final class SlowLink: XMPPLink {
        let address = JID(preparedLocal: nil, domain: "coordinator.test", resource: nil)
        /// Those that wait for an answer, by the domain that was asked.
        let waiting = Mutex<[String: [AsyncStream<Void>.Continuation]]>([:])
        private let answer: StanzaError

        init(answer: StanzaError = StanzaError(.itemNotFound)) { self.answer = answer }

        func send(_ stanza: Stanza) async throws {}

        func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
            let (signals, signal) = AsyncStream.makeStream(
                of: Void.self, bufferingPolicy: .bufferingNewest(1))
            self.waiting.withLock { $0[iq.to?.domain ?? "", default: []].append(signal) }
            for await _ in signals { break }
            throw self.answer
        }

        func count(at domain: String) -> Int { self.waiting.withLock { $0[domain]?.count ?? 0 } }

        func answerOne(at domain: String) {
            self.waiting.withLock { $0[domain]?.removeFirst() }?.yield()
        }
    }

    @Test(
        "A site has sixteen requests of a coordinator at once, whatever waits; another site does not wait for it"
    )
    func boundedRequests() async throws {
        let link = SlowLink()
        let sites = LinkedSites(link: link) { AllianceView(sites: []) }
        let query = SiteRequest.query(ReservationQuery(id: try Self.id()))
        let ask = { @Sendable (site: String) in
            await sites.ask(query, of: SiteID(site), timeout: .seconds(1))
        }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<(2 * SiteTurns.limit + 1) {
                group.addTask { await ask("paris.test") == .failure(.absent) }
            }
            while link.count(at: "paris.test") < SiteTurns.limit, !Task.isCancelled { await Task.yield() }
            group.addTask { await ask("tokyo.test") == .failure(.absent) }
            while link.count(at: "tokyo.test") < 1, !Task.isCancelled { await Task.yield() }
            #expect(link.count(at: "paris.test") == SiteTurns.limit)
            link.answerOne(at: "tokyo.test")
            #expect(await group.next() == true)
            for _ in 0..<(2 * SiteTurns.limit + 1) {
                while link.count(at: "paris.test") < 1, !Task.isCancelled { await Task.yield() }
                #expect(link.count(at: "paris.test") <= SiteTurns.limit)
                link.answerOne(at: "paris.test")
                #expect(await group.next() == true)
            }
        }
    }

    @Test("What waited for a site that leaves another request unanswered was not asked, rather than refused")
    func notAsked() async throws {
        let link = SlowLink(answer: StanzaError(.remoteServerTimeout))
        let turns = SiteTurns()
        let sites = LinkedSites(link: link, turns: turns) { AllianceView(sites: []) }
        let query = SiteRequest.query(ReservationQuery(id: try Self.id()))
        let paris = SiteID("paris.test")
        await withTaskGroup(of: Result<SiteAnswer, SiteFailure>.self) { group in
            for _ in 0...SiteTurns.limit {
                group.addTask { await sites.ask(query, of: paris, timeout: .seconds(1)) }
            }
            while link.count(at: "paris.test") < SiteTurns.limit || turns.count(at: paris) <= SiteTurns.limit,
                !Task.isCancelled
            { await Task.yield() }
            link.answerOne(at: "paris.test")
            var answers: [Result<SiteAnswer, SiteFailure>] = []
            for _ in 0..<2 { if let answer = await group.next() { answers.append(answer) } }
            #expect(answers.contains(.failure(.silent("no answer in time"))))
            #expect(answers.contains(.failure(.notAsked("it left another request unanswered"))))
            for _ in 1..<SiteTurns.limit { link.answerOne(at: "paris.test") }
        }
    }

    @Test("Whether a site answers at all is asked without waiting for what it leaves unanswered")
    func probes() async throws {
        let link = SlowLink()
        let turns = SiteTurns()
        let sites = LinkedSites(link: link, turns: turns) { AllianceView(sites: []) }
        let query = SiteRequest.query(ReservationQuery(id: try Self.id()))
        let paris = SiteID("paris.test")
        let ask = { @Sendable (request: SiteRequest) in
            await sites.ask(request, of: paris, timeout: .seconds(1)) == .failure(.absent)
        }
        let most = SiteTurns.limit + SiteTurns.probeLimit
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0...SiteTurns.limit { group.addTask { await ask(query) } }
            while turns.count(at: paris) <= SiteTurns.limit, !Task.isCancelled { await Task.yield() }
            for _ in 0...SiteTurns.probeLimit {
                group.addTask { await ask(.machines(MachineQuery(workload: nil))) }
            }
            while link.count(at: "paris.test") < most || turns.count(at: paris) < most + 2,
                !Task.isCancelled
            { await Task.yield() }
            // One of either kind waits, and has the turn of the next of its kind.
            for _ in 0..<(most + 2) {
                while link.count(at: "paris.test") < 1, !Task.isCancelled { await Task.yield() }
                #expect(link.count(at: "paris.test") <= most)
                link.answerOne(at: "paris.test")
                #expect(await group.next() == true)
            }
        }
    }

    @Test("A probe waits for other probes alone, and nothing else waits for these")
    func turnsOfProbes() async throws {
        let turns = SiteTurns()
        let paris = SiteID("paris.test")
        var (usual, probes): ([Int], [Int]) = ([], [])
        for _ in 0..<SiteTurns.probeLimit {
            probes.append(try #require(await turns.begin(at: paris, for: .probe)))
        }
        for _ in 0..<SiteTurns.limit { usual.append(try #require(await turns.begin(at: paris))) }
        try await withThrowingTaskGroup(of: (kind: SiteTurns.Kind, number: Int?).self) { group in
            for kind in [.usual, .probe, .probe] as [SiteTurns.Kind] {
                let known = turns.count(at: paris)
                group.addTask { (kind, await turns.begin(at: paris, for: kind)) }
                while turns.count(at: paris) == known, !Task.isCancelled { await Task.yield() }
            }
            for number in probes {
                turns.end(number, at: paris)
                let next = try #require(await group.next())
                #expect(next.kind == .probe && next.number != nil)
            }
            turns.end(usual[0], at: paris)
            let last = try #require(await group.next())
            #expect(last.kind == .usual && last.number != nil)
            #expect(turns.count(at: paris) == SiteTurns.limit + SiteTurns.probeLimit)
        }
    }

    @Test("Whoever is cancelled while it waits for its turn has none, and the next has it")
    func cancelledTurn() async throws {
        let turns = SiteTurns()
        let paris = SiteID("paris.test")
        var numbers: [Int] = []
        for _ in 0..<SiteTurns.limit { numbers.append(try #require(await turns.begin(at: paris))) }
        await withTaskGroup(of: Int?.self) { group in
            group.addTask { await turns.begin(at: paris) }
            group.cancelAll()
            #expect(await group.next() == .some(nil))
        }
        for number in numbers { turns.end(number, at: paris) }
        for _ in 0..<SiteTurns.limit { #expect(await turns.begin(at: paris) != nil) }
    }

    @Test(
        "What settles a hold goes first; where a site leaves one unanswered, the rest is turned away unsent")
    func turnsOfOneSite() async throws {
        let turns = SiteTurns()
        let paris = SiteID("paris.test")
        var numbers: [Int] = []
        for _ in 0..<SiteTurns.limit { numbers.append(try #require(await turns.begin(at: paris))) }
        try await withThrowingTaskGroup(of: (kind: SiteTurns.Kind, number: Int?).self) { group in
            for kind in [.usual, .settling] as [SiteTurns.Kind] {
                let known = turns.count(at: paris)
                group.addTask { (kind, await turns.begin(at: paris, for: kind)) }
                while turns.count(at: paris) == known, !Task.isCancelled { await Task.yield() }
            }
            turns.end(numbers[0], at: paris)
            let first = try #require(await group.next())
            #expect(first.kind == .settling)
            #expect(first.number != nil)
            turns.end(numbers[1], at: paris, isSilent: true)
            let second = try #require(await group.next())
            #expect(second.kind == .usual)
            #expect(second.number == nil)
            #expect(turns.count(at: paris) == SiteTurns.limit - 1)
        }
    }
}
