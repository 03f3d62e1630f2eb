import CloudModel
import Coordinator
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Operations
import Participant
import Synchronization
import TestSupport
import Testing

@testable import TradewindClient

@Suite("The client library", .timeLimit(.minutes(2)))
struct TradewindClientTests {
    /// Loses the answers of some requests that it has performed, and cuts off feeds.
    private final class Lossy: OperationGatekeeper {
        private let performer: OncePerformer
        private let losses: Mutex<Int>
        let performed = Mutex(0)

        init(_ table: OperationTable, losses: Int) {
            self.performer = ClientBench.once(table)
            self.losses = Mutex(losses)
        }

        private func isLost() -> Bool {
            self.losses.withLock { left in
                defer { left -= 1 }
                return left > 0
            }
        }

        func authorize(_ invocation: Invocation) async throws(OperationError) -> Grant.Scope {
            try await self.performer.authorize(invocation)
        }

        func perform(
            _ invocation: Invocation, progress: @escaping ProgressSink
        ) async throws(OperationError) -> OperationResult {
            self.performed.withLock { $0 += 1 }
            guard self.isLost() else {
                return try await self.performer.perform(invocation, progress: progress)
            }
            if !invocation.isLive { _ = try await self.performer.perform(invocation, progress: progress) }
            throw OperationError(.unavailable, "the answer is lost")
        }
    }

    @Test("The example of the documentation places, waits, watches, scales and takes back")
    func example() async throws {
        let bench = try ClientBench()
        let token = "alice-token"
        let printed = Mutex<[String]>([])
        @Sendable func print(_ items: Any...) {
            let line = items.map { "\($0)" }.joined(separator: " ")
            printed.withLock { $0.append(line) }
        }
        try await bench.run { coordinator, server in
            try await bench.booting(coordinator) {
                let tradewind = TradewindClient(server: server, token: token)
                var request = WorkloadRequest(name: "shop", image: "/images/web", replicas: 2)
                request.format = .raw
                request.memoryMebibytes = 1_024
                request.audience = [.country("JP"): 1, .country("FR"): 0.25]

                let plan = try await tradewind.plan(request)
                print(plan.text)

                let shop = try await tradewind.place(request)
                let status = try await shop.waitUntilRunning()
                for replica in status.replicas { print(replica.index, replica.site ?? "nowhere") }

                for try await event in shop.events() {
                    print(event.name, event.text)
                    if event.kind == .running { break }
                }

                try await tradewind.scale("shop", to: 3)
                try await shop.remove()
            }
        }
        let lines = printed.withLock { $0 }
        #expect(lines.contains("0 tokyo.test") && lines.contains("1 tokyo.test"))
        #expect(lines.contains("shop runs at tokyo.test"))
        #expect(bench.bench.sites.machines == [])
    }

    @Test("The examples in the documentation are tested ones, line by line")
    func examplesAreTested() throws {
        func lines(_ text: some StringProtocol) -> [String] {
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        let article = try RepositoryFolder.text(
            of: "Sources/TradewindClient/TradewindClient.docc/TradewindClient.md")
        let examples = article.split(separator: "```swift\n").dropFirst().map { piece in
            lines(piece.prefix(upTo: piece.range(of: "```")?.lowerBound ?? piece.endIndex))
        }
        #expect(examples.count == 2)
        for (example, name) in zip(examples, ["TradewindClientTests", "ApplicationClientTests"]) {
            let test = lines(try RepositoryFolder.text(of: "Tests/RoleTests/Clients/\(name).swift"))
            let first = try #require(test.firstIndex(of: example[0]))
            #expect(Array(test[first...].prefix(example.count)) == example)
        }
    }

    @Test("An answer that is lost is asked for again, and nothing happens twice", arguments: 1...3)
    func lostAnswers(losses: Int) async throws {
        let bench = try ClientBench()
        try await bench.run(wrap: { Lossy($0, losses: losses) }) { _, server in
            let client = ClientBench.client(server)
            let web = try await client.place(ClientBench.request())
            #expect(try await client.list().map(\.id) == [web.id])
        }
    }

    @Test("A program that gets no answer however often it asks is told so")
    func noAnswer() async throws {
        let bench = try ClientBench()
        try await bench.run(wrap: { Lossy($0, losses: 100) }) { _, server in
            let client = TradewindClient(server: server, token: "alice-token", attempts: 2)
            let error = await #expect(throws: TradewindError.self) { try await client.list() }
            #expect(error?.code == .unavailable)
        }
        let nobody = TradewindClient(server: "http://127.0.0.1:1", token: "alice-token", attempts: 2)
        let error = await #expect(throws: TradewindError.self) { try await nobody.list() }
        #expect(error?.code == .unreachable)
    }

    @Test("The same key gives the same workload; with another request it is refused")
    func keys() async throws {
        let bench = try ClientBench()
        try await bench.run { _, server in
            let client = ClientBench.client(server)
            let first = try await client.place(ClientBench.request(), key: "k-1")
            #expect(try await client.place(ClientBench.request(), key: "k-1").id == first.id)
            let error = await #expect(throws: TradewindError.self) {
                try await client.place(ClientBench.request(replicas: 2), key: "k-1")
            }
            #expect(error?.code == .keyReused)
            // Another caller's key is another key.
            let other = try await ClientBench.client(server, as: "bob")
                .place(ClientBench.request("bobs"), key: "k-1")
            #expect(other.id != first.id)
        }
    }

    @Test("A workload that no site takes fails with the reasons")
    func failure() async throws {
        let bench = try ClientBench()
        for site in CoordinatorBench.world { bench.bench.sites.set(.refusing("quota used up"), at: site.0) }
        try await bench.run { _, server in
            let web = try await ClientBench.client(server).place(ClientBench.request())
            let error = await #expect(throws: TradewindError.self) { try await web.waitUntilRunning() }
            #expect(error?.code == .failed)
            #expect(error?.message.contains("tokyo.test: quota used up") == true)
        }
    }

    @Test("A program that waits for as long as it likes, or is cancelled, stops waiting and nothing else")
    func patience() async throws {
        let bench = try ClientBench()
        try await bench.run { _, server in
            let web = try await ClientBench.client(server).place(ClientBench.request())
            let late = await #expect(throws: TradewindError.self) {
                try await web.waitUntilRunning(within: .milliseconds(50))
            }
            #expect(late?.code == .timeout)
            await withThrowingTaskGroup(of: WorkloadStatus.self) { group in
                group.addTask { try await web.waitUntilRunning() }
                group.cancelAll()
                do {
                    _ = try await group.next()
                    Issue.record("it went on waiting")
                } catch {
                    #expect(error is CancellationError)
                }
            }
            #expect(try await web.status().state != .removed)
        }
    }

    @Test("Each event is told once, however often the connection is lost")
    func watch() async throws {
        let bench = try ClientBench()
        try await bench.run(wrap: { Lossy($0, losses: 0) }) { coordinator, server in
            let client = ClientBench.client(server)
            let web = try await client.place(ClientBench.request(replicas: 3))
            _ = try await bench.booting(coordinator) { try await web.waitUntilRunning() }
            try await web.remove()
            var all: [WorkloadEvents.Element] = []
            for try await event in web.events() { all.append(event) }
            #expect(all.map(\.number) == Array(1...all.count))
            #expect(all.last?.kind == .removed)
            let everything = all
            // From the middle, by way of a client that loses two connections.
            try await bench.run(wrap: { Lossy($0, losses: 2) }) { _, flaky in
                var rest: [WorkloadEvents.Element] = []
                let watch = ClientBench.client(flaky).watch(web.id, after: everything[1].position)
                for try await event in watch { rest.append(event) }
                #expect(rest == Array(everything.dropFirst(2)))
                #expect(rest.allSatisfy { !$0.followsGap })
            }
        }
    }

    /// Answers the first questions for news with an error, or never.
    private final class Busy: OperationGatekeeper {
        enum Manner {
            case refusing(Int)
            case silent
        }

        private let performer: OncePerformer
        private let manner: Manner
        let refused = Mutex(0)

        init(_ table: OperationTable, _ manner: Manner) {
            self.performer = ClientBench.once(table)
            self.manner = manner
        }

        func authorize(_ invocation: Invocation) async throws(OperationError) -> Grant.Scope {
            try await self.performer.authorize(invocation)
        }

        func perform(
            _ invocation: Invocation, progress: @escaping ProgressSink
        ) async throws(OperationError) -> OperationResult {
            guard invocation.operation != "workload.place" else {
                return try await self.performer.perform(invocation, progress: progress)
            }
            switch self.manner {
            case .refusing(let times):
                let isRefused = self.refused.withLock { count in
                    guard invocation.operation == "workload.watch", count < times else { return false }
                    count += 1
                    return true
                }
                if isRefused { throw OperationError(.tooMany, "you watch 20 times already") }
            case .silent:
                let (silence, _) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
                for await _ in silence {}
            }
            return try await self.performer.perform(invocation, progress: progress)
        }
    }

    @Test("Who waits for more than may be watched at once is not turned away")
    func manyAtOnce() async throws {
        let bench = try ClientBench()
        try await bench.run(wrap: { Busy($0, .refusing(1)) }) { coordinator, server in
            let web = try await ClientBench.client(server).place(ClientBench.request())
            let status = try await bench.booting(coordinator) { try await web.waitUntilRunning() }
            #expect(status.isRunning)
        }
    }

    @Test("A program that gets no answer waits no longer than it likes all the same")
    func silence() async throws {
        let bench = try ClientBench()
        try await bench.run(wrap: { Busy($0, .silent) }) { _, server in
            let web = try await ClientBench.client(server).place(ClientBench.request())
            let began = ContinuousClock.now
            let error = await #expect(throws: TradewindError.self) {
                try await web.waitUntilRunning(within: .milliseconds(200))
            }
            #expect(error?.code == .timeout)
            // Much less than one question may take.
            #expect(began.duration(to: .now) < .seconds(60))
        }
    }

    @Test("A token is not shown, and not given to whoever a redirect names")
    func secrets() async throws {
        let bench = try ClientBench()
        try await bench.run { _, server in
            let client = ClientBench.client(server + "//")
            let web = try await client.place(ClientBench.request())
            for text in ["\(client)", "\(web)", String(reflecting: client), "\(web.events())"] {
                #expect(!text.contains("alice-token"), "\(text)")
            }
            var dumped = ""
            dump(web, to: &dumped)
            #expect(!dumped.contains("alice-token") && dumped.contains(web.id))
        }
        let ports = Recorder<Int>()
        let router = Router()
        router.get("/v1/workloads") { _, _ in Response(status: .found, headers: [.location: "/elsewhere"]) }
        router.get("/v1/workloads/events") { _, _ in "a page" }
        router.get("/elsewhere") { _, _ in "{\"value\": []}" }
        let redirecting = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in ports.record(channel.localAddress?.port ?? 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await redirecting.run() }
            let client = ClientBench.client("http://127.0.0.1:\(try await ports.next())")
            let error = await #expect(throws: TradewindError.self) { try await client.list() }
            #expect(error?.code == .badAnswer)
            let events = await #expect(throws: TradewindError.self) {
                for try await _ in client.watch() {}
            }
            // A page of somebody else is no feed, however often it is asked for.
            #expect(events?.code == .badAnswer)
            group.cancelAll()
        }
    }

    @Test("What is refused says why and what to do")
    func refusals() async throws {
        let bench = try ClientBench()
        try await bench.run { _, server in
            let web = try await ClientBench.client(server).place(ClientBench.request())
            let bob = ClientBench.client(server, as: "bob")
            for ask in [
                { _ = try await bob.show(web.id) }, { try await bob.scale(web.id, to: 2) },
                { try await bob.remove(web.id) },
                { for try await _ in bob.watch(web.id) {} },
            ] as [@Sendable () async throws -> Void] {
                let error = await #expect(throws: TradewindError.self) { try await ask() }
                #expect(error?.code == .notFound)
            }
            let stranger = TradewindClient(server: server, token: "guess")
            let unknown = await #expect(throws: TradewindError.self) { try await stranger.list() }
            #expect(unknown?.code == .unauthenticated)
            #expect(unknown?.next?.isEmpty == false)
            var absurd = ClientBench.request("absurd")
            absurd.maxPrice = -1
            let error = await #expect(throws: TradewindError.self) {
                try await ClientBench.client(server).plan(absurd)
            }
            #expect(error?.code == .badRequest)
        }
    }

    @Test(
        "Every parameter of the catalogue is a member of a request, of the right type, and there are no others"
    )
    func requests() throws {
        var request = WorkloadRequest(name: "web", image: "https://images.test/web", replicas: 2)
        (request.format, request.sha256) = (.kernel, String(repeating: "a", count: 64))
        (request.initramfs, request.initramfsSHA256) = (
            "/images/initramfs", String(repeating: "b", count: 64)
        )
        (request.commandLine, request.vcpus) = ("quiet", 2)
        (request.memoryMebibytes, request.diskMebibytes) = (1_024, 2_048)
        request.audience = [
            .country("JP"): 1, .country("FR"): 2, .position(latitude: 35.7, longitude: -139.7): 0.5,
        ]
        (request.target, request.countries, request.regions) = (.milliseconds(30), ["JP"], ["eu"])
        (request.labels, request.features, request.hypervisor) = (["tier:gold"], ["gpu"], "kvm")
        (request.only, request.avoid) = (["a.test"], ["b.test"])
        (request.maxLatency, request.gang) = (.microseconds(100_500), true)
        (request.maxPrice, request.maxCarbon) = (0.5, 20)
        (request.beside, request.apart, request.perSite) = (["db"], ["cache"], 1)
        (request.lease, request.minimum) = (.seconds(60), 1)
        (request.within, request.hosts, request.priority) = (["db": .milliseconds(20)], .apart, 5)
        var following = Following(target: .milliseconds(80), maximum: 5)
        (following.percentile, following.minimum, following.changes) = (90, 1, 3)
        (following.cost, following.pause, following.peak) = (10, .seconds(600), "08:00-20:00")
        (following.offPeakTarget, following.offPeakMinimum) = (.milliseconds(150), 1)
        request.following = following
        (request.latencyWeight, request.priceWeight, request.carbonWeight) = (1, 2, 3)
        (request.loadWeight, request.roomWeight) = (0.5, 0.5)
        let object = try #require(try JSONParser.parse(Array(try JSONEncoder().encode(request))).object)
        let names = object.members.map(\.name)
        let place = try #require(Catalogue.operation("workload.place"))
        #expect(names.sorted() == place.parameters.map(\.name).filter { $0 != "wait" }.sorted())
        let arguments = Dictionary(uniqueKeysWithValues: object.members.map { ($0.name, $0.value) })
        let checked = try place.checked(arguments)
        let invocation = Invocation(
            operation: "workload.place", arguments: checked, caller: CoordinatorBench.alice)
        let specification = try WorkloadSpecification(invocation)
        #expect(specification.resources.memory == .gibibytes(1))
        #expect(specification.keeping?.leaseSeconds == 60)
        #expect(specification.constraints.contains(.latencyAtMost(milliseconds: 100.5)))
        #expect(specification.constraints.contains(.within("db", milliseconds: 20)))
        #expect(specification.following?.pauseSeconds == 600)
        #expect(specification.gang == true)
    }
}
