import CloudModel
import Federation
import Synchronization
import TestSupport
import Testing
import XML
import XMPP

@testable import Participant

@Suite("The feed of machines")
struct MachineFeedTests {
    /// Alice and ops may list all machines.
    private static func bench() throws -> FeedBench {
        try FeedBench(["alice@paris.test": .site, "ops@tokyo.test": .site])
    }

    private static let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: "phone")

    private static func machine(_ number: Int, _ state: MachineState) throws -> Machine {
        let digits = String(number)
        let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        return Machine(
            id: try #require(MachineID(id)), site: SiteID("paris.test"),
            specification: MachineSpecification(
                name: "web-\(number)",
                resources: Resources(vcpus: 1, memory: .gibibytes(1), disk: .gibibytes(2)),
                image: ImageReference(format: .qcow2, location: "/images/web.qcow2")),
            state: state, created: Instant(millisecondsSinceEpoch: 0),
            changed: Instant(millisecondsSinceEpoch: 1))
    }

    /// Asks as somebody, and reads the answer.
    private func ask(
        _ feed: SiteFeeds, _ content: PubSub.Content, isSet: Bool = true, as asker: JID = Self.alice
    ) async throws(StanzaError) -> PubSub? {
        let element = PubSub(content).element
        let iq = IQ(to: nil, from: asker, id: "1", body: isSet ? .set(element) : .get(element))
        guard let answer = try await feed.answer(iq, element, from: asker) else { return nil }
        do {
            return try PubSub(parsing: answer)
        } catch {
            throw StanzaError(.undefinedCondition, text: "\(error)")
        }
    }

    private func states(_ message: Message) throws -> [MachineState] {
        let event = try #require(try message.payloads.first(PubSubEvent.self))
        guard case .items(FeedNode.machines.rawValue, let items) = event.content else { return [] }
        return try items.flatMap { item in try item.payloads.map { try Machine(parsing: $0).state } }
    }

    @Test("XEP-0060 §7.1.2: whoever subscribed is told each change; what was there before is at the node")
    func told() async throws {
        let bench = try Self.bench()
        let feed = try await bench.feeds([.machines])
        await feed.publish([try Self.machine(1, .running)], isNews: false)
        _ = try await self.ask(
            feed, .subscribe(node: FeedNode.machines.rawValue, address: Self.alice, options: nil))
        await feed.publish([try Self.machine(1, .stopped)], isNews: true)
        let message = try await bench.told.next()
        #expect(message.to == Self.alice)
        #expect(message.from == bench.address)
        #expect(message.kind == .headline)
        #expect(try self.states(message) == [.stopped])
        let answer = try await self.ask(
            feed, .items(node: FeedNode.machines.rawValue, [], most: nil, page: nil), isSet: false)
        guard case .items(_, let items, _, _) = answer?.content else {
            Issue.record("no items: \(String(describing: answer))")
            return
        }
        #expect(try items.flatMap { try $0.payloads.map { try Machine(parsing: $0).state } } == [.stopped])
    }

    @Test("Who may not list all machines hears nothing: no items, no subscription, no node")
    func forbidden() async throws {
        let feed = try await Self.bench().feeds([.machines])
        let mallory = JID(preparedLocal: "mallory", domain: "paris.test", resource: "x")
        for content in [
            PubSub.Content.subscribe(node: FeedNode.machines.rawValue, address: mallory, options: nil),
            .items(node: FeedNode.machines.rawValue, [], most: nil, page: nil),
        ] {
            let error = await #expect(throws: StanzaError.self) {
                try await self.ask(feed, content, as: mallory)
            }
            #expect(error?.condition == .forbidden)
        }
        #expect(feed.info(node: FeedNode.machines.rawValue, for: mallory) == nil)
        #expect(await feed.list(node: FeedNode.machines.rawValue, for: mallory) == nil)
        #expect(feed.info(node: FeedNode.machines.rawValue, for: Self.alice) != nil)
    }

    @Test("A grant that is taken back ends the telling at once; given again, it goes on")
    func revoked() async throws {
        let bench = try Self.bench()
        let feed = try await bench.feeds([.machines])
        let ops = JID(preparedLocal: "ops", domain: "tokyo.test", resource: "desk")
        for listener in [Self.alice, ops] {
            _ = try await self.ask(
                feed, .subscribe(node: FeedNode.machines.rawValue, address: listener, options: nil),
                as: listener)
        }
        bench.scopes.withLock { $0["alice@paris.test"] = nil }
        await feed.publish([try Self.machine(1, .running)], isNews: true)
        #expect(try await bench.told.next().to == ops)
        bench.scopes.withLock { $0["alice@paris.test"] = .site }
        await feed.publish([try Self.machine(1, .stopped)], isNews: true)
        #expect(try await bench.told.next().to == Self.alice)
    }

    @Test("Only the site publishes")
    func publishing() async throws {
        let feed = try await Self.bench().feeds([.machines])
        let item = PubSubItem(id: "x", payloads: [Element("x", namespace: "urn:x")])
        for content in [
            PubSub.Content.publish(node: FeedNode.machines.rawValue, [item], options: nil),
            .retract(node: FeedNode.machines.rawValue, [PubSubItem(id: "x")], notifies: false),
            .create(node: "other", configuration: nil),
        ] {
            let error = await #expect(throws: StanzaError.self) { try await self.ask(feed, content) }
            #expect(error?.condition == .forbidden)
        }
        let error = await #expect(throws: StanzaError.self) {
            try await self.ask(feed, .items(node: "other", [], most: nil, page: nil), isSet: false)
        }
        #expect(error?.condition == .itemNotFound)
    }

    @Test("Subscriptions outlive the process, states are what the agent says after its start")
    func restart() async throws {
        let bench = try Self.bench()
        let first = try await bench.feeds([.machines])
        await first.publish([try Self.machine(1, .running)], isNews: true)
        _ = try await self.ask(
            first, .subscribe(node: FeedNode.machines.rawValue, address: Self.alice, options: nil))
        let second = try await bench.feeds([.machines])
        #expect(await second.list(node: FeedNode.machines.rawValue, for: Self.alice)?.items.isEmpty == true)
        await second.publish([try Self.machine(2, .running)], isNews: true)
        #expect(try await bench.told.next().to == Self.alice)
        _ = try await self.ask(second, .unsubscribe(node: FeedNode.machines.rawValue, address: Self.alice))
        let third = try await bench.feeds([.machines])
        let answer = try await self.ask(third, .subscriptions(node: nil, []), isSet: false)
        #expect(answer?.content == .subscriptions(node: nil, []))
    }

    @Test("256 machines are kept; of more, those that changed longest ago give way")
    func bounded() async throws {
        let feed = try await Self.bench().feeds([.machines])
        var machines: [Machine] = []
        for number in 0...FeedNode.machines.items { machines.append(try Self.machine(number, .running)) }
        await feed.publish(machines, isNews: true)
        let names =
            await feed.list(node: FeedNode.machines.rawValue, for: Self.alice)?.items.compactMap(\.name) ?? []
        #expect(names.count == FeedNode.machines.items)
        #expect(!names.contains(machines[0].id.description))
        #expect(names.last == machines.last?.id.description)
    }

    @Test("What changed while nobody listened is there once somebody asks, in the order of the changes")
    func unread() async throws {
        let feed = try await Self.bench().feeds([.machines])
        let count = 3 * FeedNode.machines.items
        for number in 0..<count {
            await feed.publish([try Self.machine(number, .starting)], isNews: true)
        }
        // The oldest of those that are kept comes last by changing once more.
        let oldest = count - FeedNode.machines.items
        await feed.publish([try Self.machine(oldest, .running)], isNews: true)
        let names =
            await feed.list(node: FeedNode.machines.rawValue, for: Self.alice)?.items.compactMap(\.name) ?? []
        let expected = try (Array(oldest + 1..<count) + [oldest]).map { number in
            try Self.machine(number, .running).id.description
        }
        #expect(names == expected)
        let answer = try await self.ask(
            feed, .items(node: FeedNode.machines.rawValue, [], most: 2, page: nil), isSet: false)
        guard case .items(_, let items, _, _) = answer?.content else {
            Issue.record("no items: \(String(describing: answer))")
            return
        }
        let states = try items.flatMap { try $0.payloads.map { try Machine(parsing: $0).state } }
        #expect(states == [.starting, .running])
    }

    @Test("One person has ten subscriptions at most")
    func subscriptionLimit() async throws {
        let feed = try await Self.bench().feeds([.machines])
        for number in 0..<SiteFeeds.subscriptionsPerPerson {
            let client = JID(preparedLocal: "alice", domain: "paris.test", resource: "r\(number)")
            _ = try await self.ask(
                feed, .subscribe(node: FeedNode.machines.rawValue, address: client, options: nil), as: client)
        }
        let error = await #expect(throws: StanzaError.self) {
            try await self.ask(
                feed, .subscribe(node: FeedNode.machines.rawValue, address: Self.alice, options: nil))
        }
        #expect(error?.condition == .policyViolation)
    }

    @Test("Whose account is deleted is subscribed no more, and whoever has the name next begins anew")
    func deletedAccount() async throws {
        let bench = try Self.bench()
        let feed = try await bench.feeds([.machines])
        let other = try JID("ops@tokyo.test/desk")
        for listener in [Self.alice, other] {
            _ = try await self.ask(
                feed, .subscribe(node: FeedNode.machines.rawValue, address: listener, options: nil),
                as: listener)
        }
        await feed.forget(Self.alice.bare)
        await feed.publish([try Self.machine(1, .running)], isNews: true)
        #expect(try await bench.told.next().to == other)
        let mine = try await self.ask(
            feed, .subscriptions(node: FeedNode.machines.rawValue, []), isSet: false)
        guard case .subscriptions(_, let subscriptions)? = mine?.content else {
            Issue.record("another answer: \(String(describing: mine))")
            return
        }
        #expect(subscriptions.isEmpty)
    }
}
