import CloudModel
import Operations
import Synchronization
import TestSupport
import Testing
import XML
import XMPP

@testable import Participant

@Suite("The feed of workloads")
struct WorkloadFeedTests {
    /// Alice and Bob have workloads of their own, root may see all.
    private static func bench() throws -> FeedBench {
        try FeedBench(["alice@paris.test": .own, "bob@paris.test": .own, "root@paris.test": .site])
    }

    private static let node = FeedNode.workloads.rawValue

    private static func person(_ name: String) -> JID {
        JID(preparedLocal: name, domain: "paris.test", resource: "desk")
    }

    private func ask(
        _ feeds: SiteFeeds, _ content: PubSub.Content, isSet: Bool = true, as name: String
    ) async throws -> PubSub.Content? {
        let element = PubSub(content).element
        let iq = IQ(to: nil, from: Self.person(name), id: "1", body: isSet ? .set(element) : .get(element))
        let answer = try await feeds.answer(iq, element, from: Self.person(name))
        return try answer.map { try PubSub(parsing: $0).content }
    }

    private func subscribe(_ name: String, _ feeds: SiteFeeds) async throws {
        _ = try await self.ask(
            feeds, .subscribe(node: Self.node, address: Self.person(name), options: nil), as: name)
    }

    private static func news(of owner: String, _ number: Int) throws -> WorkloadNews {
        var event = WorkloadEvent(
            number: number, at: Instant(millisecondsSinceEpoch: 1), kind: .running, replica: 0,
            site: SiteID("tokyo.test"), text: "runs at tokyo.test")
        event.position = Int64(number)
        return WorkloadNews(
            workload: try #require(WorkloadID("00000000-0000-4000-8000-000000000001")), name: "web",
            owner: "\(owner)@paris.test", event: event)
    }

    private func told(_ message: Message) throws -> WorkloadNews {
        let event = try #require(try message.payloads.first(PubSubEvent.self))
        guard case .items(Self.node, let items) = event.content else { throw StanzaError(.itemNotFound) }
        let value = try Value(parsing: try #require(items.first?.payloads.first))
        return try ValueDecoder().decode(WorkloadNews.self, from: value)
    }

    @Test("Users are told what happens to their own workloads, and who may see all is told all")
    func own() async throws {
        let bench = try Self.bench()
        let feeds = try await bench.feeds(FeedNode.allCases)
        for name in ["alice", "bob", "root"] { try await self.subscribe(name, feeds) }
        let (hers, his) = (try Self.news(of: "alice", 1), try Self.news(of: "bob", 2))
        await feeds.publish(hers)
        await feeds.publish(his)
        var heard: [String: [WorkloadNews]] = [:]
        for _ in 0..<4 {
            let message = try await bench.told.next()
            heard[message.to?.local ?? "", default: []].append(try self.told(message))
        }
        #expect(heard == ["alice": [hers], "bob": [his], "root": [hers, his]])
    }

    @Test("Nothing is kept at the node, so nobody reads what is another's")
    func nothingKept() async throws {
        let feeds = try await Self.bench().feeds(FeedNode.allCases)
        await feeds.publish(try Self.news(of: "alice", 1))
        for name in ["alice", "bob", "root"] {
            let error = await #expect(throws: StanzaError.self) {
                try await self.ask(
                    feeds, .items(node: Self.node, [], most: nil, page: nil), isSet: false, as: name)
            }
            #expect(error?.condition == .featureNotImplemented)
            #expect(await feeds.list(node: Self.node, for: Self.person(name))?.items.isEmpty == true)
        }
    }

    @Test("Who has no grant neither sees the node nor subscribes; who loses it hears nothing more")
    func grants() async throws {
        let bench = try Self.bench()
        let feeds = try await bench.feeds(FeedNode.allCases)
        let error = await #expect(throws: StanzaError.self) { try await self.subscribe("mallory", feeds) }
        #expect(error?.condition == .forbidden)
        #expect(feeds.info(node: Self.node, for: Self.person("mallory")) == nil)
        #expect(feeds.info(node: Self.node, for: Self.person("alice")) != nil)
        // A user who may watch their workloads may not, for that, list the site's machines.
        #expect(feeds.info(node: FeedNode.machines.rawValue, for: Self.person("alice")) == nil)
        let machines = await #expect(throws: StanzaError.self) {
            try await self.ask(
                feeds,
                .subscribe(
                    node: FeedNode.machines.rawValue, address: Self.person("alice"), options: nil),
                as: "alice")
        }
        #expect(machines?.condition == .forbidden)
        for name in ["alice", "root"] { try await self.subscribe(name, feeds) }
        bench.scopes.withLock { $0["alice@paris.test"] = nil }
        await feeds.publish(try Self.news(of: "alice", 1))
        #expect(try await bench.told.next().to == Self.person("root"))
    }

    @Test("Subscriptions outlive the process; those of both nodes are listed together, each one's own")
    func restart() async throws {
        let bench = try Self.bench()
        let first = try await bench.feeds(FeedNode.allCases)
        try await self.subscribe("root", first)
        _ = try await self.ask(
            first,
            .subscribe(node: FeedNode.machines.rawValue, address: Self.person("root"), options: nil),
            as: "root")
        let second = try await bench.feeds(FeedNode.allCases)
        await second.publish(try Self.news(of: "bob", 1))
        #expect(try await bench.told.next().to == Self.person("root"))
        let mine = try await self.ask(second, .subscriptions(node: nil, []), isSet: false, as: "root")
        guard case .subscriptions(_, let subscriptions)? = mine else {
            Issue.record("another answer: \(String(describing: mine))")
            return
        }
        #expect(subscriptions.compactMap(\.node).sorted() == FeedNode.allCases.map(\.rawValue).sorted())
    }

    @Test(
        "A process has the nodes of its roles, also when it comes back with others", arguments: [true, false])
    func roles(isAgentFirst: Bool) async throws {
        let bench = try Self.bench()
        let nodes: [FeedNode] = isAgentFirst ? [.machines] : [.workloads]
        for present in [nodes, nodes, FeedNode.allCases, [], [.workloads]] {
            let feeds = try await bench.feeds(present)
            for node in FeedNode.allCases {
                let info = feeds.info(node: node.rawValue, for: Self.person("root"))
                #expect((info != nil) == present.contains(node))
            }
        }
    }
}
