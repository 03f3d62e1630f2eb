import CloudModel
import Storage
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("The end of an account: whoever gets the name next inherits nothing")
struct AccountRemovalTests {
    static let bob = DomainBench.local("bob")
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)

    /// Accounts, feeds and rooms.
    static func bench() -> DomainBench {
        var bench = DomainPubSubTests.bench()
        bench.domain.host(
            RoomService(
                address: RoomBench.domain, policy: RoomPolicy(creators: .accounts(of: ["paris.test"])),
                secret: [1]))
        return bench
    }

    static func remove(_ bench: inout DomainBench, _ account: JID) {
        bench.carryOut(bench.domain.remove(account: account))
    }

    @Test(
        "RFC 6121 §3.2, §3.3: Contacts here lose it from their rosters, contacts elsewhere are told it is over"
    )
    func rosters() throws {
        var bench = Self.bench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        DomainPubSubTests.befriend(&bench, alice, bob)
        bench.send(.presence(Presence(to: Self.carol, kind: .subscribed)), from: bob)
        bench.handle(.routed(.presence(Presence(to: Self.bob, from: Self.carol, kind: .subscribe))))
        bench.send(.presence(Presence(to: Self.carol, kind: .subscribe)), from: bob)
        bench.send(.presence(Presence(to: DomainBench.domainAddress, kind: .subscribe)), from: bob)
        let before = try #require(bench.domain.rosters[alice.address.bare]?.version)
        _ = (bench.take(alice), bench.takeRemote(), bench.takeServed())
        Self.remove(&bench, Self.bob)
        let told = bench.takeRemote().compactMap(\.presenceValue)
        #expect(told.map(\.to) == [Self.carol, Self.carol, Self.carol])
        #expect(told.map(\.kind) == [.unavailable, .unsubscribe, .unsubscribed])
        #expect(told.last?.from == Self.bob)
        let heard = bench.take(alice)
        #expect(heard.first?.presenceValue?.kind == .unavailable)
        let pushes = heard.compactMap(\.iqValue?.request)
        let push = try #require(pushes.first)
        #expect(
            try RosterQuery(parsing: push)
                == RosterQuery(
                    version: "\(before + 1)", items: [.init(address: Self.bob, subscription: .remove)]))
        #expect(bench.domain.rosters.values.allSatisfy { $0[Self.bob] == nil })
        #expect(bench.takeServed().compactMap(\.presenceValue).map(\.kind) == [.unsubscribe])

        // The next of that name sees nobody and is seen by nobody.
        bench.domain.add(account: Self.bob)
        let heir = try bench.connect("bob")
        #expect(bench.take(heir).allSatisfy { $0.presenceValue == nil || $0.from == heir.address })
        #expect(bench.take(alice).isEmpty)
        bench.send(.presence(Presence(to: nil)), from: alice)
        #expect(bench.take(heir).isEmpty)
    }

    @Test("XEP-0045 §10: A room loses a member; without an owner it is its admins', without these it ends")
    func rooms() throws {
        var bench = Self.bench()
        let (alice, bob) = (try bench.connect("alice"), try bench.connect("bob"))
        func enter(_ room: String, _ session: ClientSession) {
            let to = JID(
                preparedLocal: room, domain: RoomBench.domain.domain, resource: session.address.local)
            bench.send(.presence(Presence(to: to, payloads: [RoomEntry().element])), from: session)
            let form = RoomOwnership(form: DataForm(.submit)).element
            bench.send(.iq(IQ(to: to.bare, id: "c", body: .set(form))), from: session)
        }
        for room in ["led", "left"] {
            enter(room, bob)
            enter(room, alice)
        }
        enter("other", alice)
        let change = { (room: String, affiliation: RoomAffiliation, user: JID) -> Stanza in
            .iq(
                IQ(
                    to: JID(preparedLocal: room, domain: RoomBench.domain.domain, resource: nil), id: "a",
                    body: .set(
                        RoomAdministration(items: [.init(affiliation: affiliation, address: user)]).element)))
        }
        bench.send(change("led", .admin, alice.address.bare), from: bob)
        bench.send(change("other", .member, Self.bob), from: alice)
        _ = bench.take(alice)
        Self.remove(&bench, Self.bob)
        let rooms = try #require(bench.domain.rooms?.rooms)
        #expect(rooms.keys.sorted() == ["led", "other"])
        #expect(rooms["led"]?.affiliations[alice.address] == .owner)
        #expect(rooms["other"]?.affiliations[Self.bob] == .unaffiliated)
        #expect(rooms.values.allSatisfy { $0.affiliations.entries[Self.bob] == nil })
        let ends = bench.take(alice).filter { $0.notice?.destruction != nil }
        #expect(ends.map { $0.from?.bare.local } == ["left"])
    }

    @Test("XEP-0060 §8.9: Affiliations and subscriptions go with it, and the feeds that nobody else owns")
    func nodes() throws {
        var bench = Self.bench()
        let (alice, bob) = (try bench.connect("alice"), try bench.connect("bob"))
        let feeds = DomainPubSubTests.feeds
        func request(_ content: PubSub.Content, _ session: ClientSession) {
            bench.send(
                .iq(IQ(to: feeds, from: nil, id: "s", body: .set(PubSub(content).element))), from: session)
        }
        func affiliate(_ node: String, _ person: JID, _ session: ClientSession) {
            let entry = PubSubAffiliation.Entry(address: person, affiliation: .owner)
            let element = PubSubOwner(.affiliations(node: node, [entry])).element
            bench.send(.iq(IQ(to: feeds, id: "a", body: .set(element))), from: session)
        }
        for node in ["shared", "lost"] { request(.create(node: node, configuration: nil), bob) }
        request(.create(node: "hers", configuration: nil), alice)
        affiliate("shared", alice.address.bare, bob)
        affiliate("hers", Self.bob, alice)
        request(.subscribe(node: "hers", address: bob.address, options: nil), bob)
        request(.subscribe(node: "lost", address: alice.address.bare, options: nil), alice)
        _ = bench.take(alice)
        Self.remove(&bench, Self.bob)
        let nodes = try #require(bench.domain.pubSub.services[feeds]?.nodes)
        #expect(nodes.keys.sorted() == ["hers", "shared"])
        #expect(nodes["shared"]?.creator == alice.address.bare)
        #expect(nodes["hers"]?.affiliations == [alice.address.bare: .owner])
        #expect(nodes["hers"]?.subscriptions == [:])
        let events = try bench.take(alice).compactMap {
            try $0.messageValue?.payloads.first(PubSubEvent.self)
        }
        #expect(events.map(\.content) == [.deleted(node: "lost", redirect: nil)])
    }

    @Test("While it is deleted nothing is done for it, and if that fails all is as before")
    func suspension() throws {
        var bench = Self.bench()
        let (alice, bob) = (try bench.connect("alice"), try bench.connect("bob"))
        _ = (bench.take(alice), bench.take(bob))
        bench.domain.suspend(account: Self.bob)
        bench.send(.message(Message(to: Self.bob, id: "m", body: "x")), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.serviceUnavailable])
        bench.send(.message(Message(to: alice.address, id: "m", body: "x")), from: bob)
        #expect(bench.take(bob).map(\.errorCondition) == [.notAllowed])
        #expect(throws: StanzaError.self) { try bench.connect("bob", "phone") }
        bench.domain.resume(account: Self.bob)
        bench.send(.message(Message(to: Self.bob, id: "m", body: "x")), from: alice)
        #expect(bench.take(bob).map(\.errorCondition) == [nil])
    }
}

@Suite("The end of an account on disk")
struct AccountRemovalStoreTests {
    private static let bob = "bob@paris.test"

    private static func item(_ contact: String, of owner: String, isListed: Bool = true) -> RosterItemRecord {
        RosterItemRecord(
            owner: owner, contact: contact, name: nil, groups: [], outgoing: "established",
            incoming: "established", isPreApproved: true, isListed: isListed, request: nil)
    }

    private static func rooms(in database: Database) async throws -> RoomStore {
        let store = RoomStore(database: database)
        func affiliation(_ room: String, _ address: String, _ affiliation: String) -> RoomAffiliationRecord {
            RoomAffiliationRecord(
                room: room, address: address, affiliation: affiliation, nickname: nil, reason: nil)
        }
        let rooms: [(String, [(String, String)])] = [
            ("led", [("alice@paris.test", "admin")]), ("left", []), ("other", []),
        ]
        for (name, others) in rooms {
            let record = RoomRecord(
                name: name, title: "", details: "", language: "", password: nil, isPublic: true,
                isMembersOnly: false, isModerated: false, isNonAnonymous: false,
                participantsMayChangeSubject: false, membersMayInvite: false, privateMessages: "anyone",
                shownRoles: [], maximumOccupants: 9, historyStanzas: 9)
            let own: [(String, String)] =
                name == "other"
                ? [(Self.bob, "member"), ("alice@paris.test", "owner")] : [(Self.bob, "owner")]
            try await store.save(
                StoredRoom(
                    room: record, affiliations: (others + own).map { affiliation(name, $0.0, $0.1) },
                    subject: nil))
        }
        return store
    }

    private static func nodes(in database: Database) async throws -> PubSubStore {
        let store = PubSubStore(database: database)
        try await store.apply([.configure(node: "own", [:])], for: Self.bob)
        try await store.apply(
            [
                .configure(node: "shared", [:]), .credit(node: "shared", creator: Self.bob),
                .affiliate(node: "shared", address: Self.bob, "owner"),
                .affiliate(node: "shared", address: "alice@paris.test", "owner"),
                .configure(node: "lost", [:]), .credit(node: "lost", creator: Self.bob),
                .affiliate(node: "lost", address: Self.bob, "owner"),
                .configure(node: "hers", [:]), .credit(node: "hers", creator: "alice@paris.test"),
                .affiliate(node: "hers", address: "alice@paris.test", "owner"),
                .subscribe(node: "hers", address: Self.bob + "/desk", isDelivering: true),
                .subscribe(node: "hers", address: Self.bob, isDelivering: true),
                .subscribe(node: "hers", address: Self.bob + "x", isDelivering: true),
            ], for: "feeds.paris.test")
        return store
    }

    @Test("All that an account had, and all that was granted to its address, goes in one transaction")
    func removal() async throws {
        let database = try Database()
        let store = AccountStore(database: database)
        for name in ["alice", "bob"] {
            _ = try await store.insert(AccountRecord(username: name, createdAt: 1), credentials: [])
        }
        try await store.save(Self.item(Self.bob, of: "alice"), version: 4)
        try await store.save(Self.item("carol@tokyo.test", of: "bob"), version: 2)
        try await store.save(Self.item(Self.bob, of: "", isListed: false), version: 3)
        let archive = ArchiveStore(database: database)
        try await archive.append(
            [Self.bob, "alice@paris.test", "left@rooms.paris.test"].enumerated().map { index, owner in
                ArchiveRecord(
                    sequence: Int64(index) + 1, archive: owner, receivedAt: 1, peer: "x.test",
                    peerResource: nil, stanza: "<message/>")
            })
        try await archive.save(
            StoredArchivePreferences(archive: Self.bob, standard: "never", always: [], never: []))
        let rooms = try await Self.rooms(in: database)
        let nodes = try await Self.nodes(in: database)
        #expect(
            try await store.delete(username: "bob", address: Self.bob, roomDomain: "rooms.paris.test"))

        let accounts = try await store.accounts()
        #expect(accounts.map(\.account.username) == ["alice"])
        // The version has risen, as it has in memory: clients that were away hear of it.
        #expect(accounts.first?.roster == StoredRoster(version: 5, items: []))
        #expect(try await store.domainRoster() == StoredRoster(version: 3, items: []))
        #expect(try await archive.lastSequence() == 2)
        #expect(try await archive.preferences() == [])
        let kept = try await rooms.rooms()
        #expect(kept.map(\.room.name) == ["led", "other"])
        #expect(
            kept.flatMap(\.affiliations).map { "\($0.room) \($0.address) \($0.affiliation)" }
                == ["led alice@paris.test owner", "other alice@paris.test owner"])
        let feeds = try await nodes.nodes()
        #expect(feeds.map(\.name) == ["hers", "shared"])
        #expect(feeds.map(\.creator) == ["alice@paris.test", "alice@paris.test"])
        #expect(feeds.first?.subscriptions == [Self.bob + "x": true])
        #expect(try await !store.delete(username: "bob", address: Self.bob))
    }
}
