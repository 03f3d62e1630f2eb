import Storage
import Testing

@Suite struct AccountStoreTests {
    let store: AccountStore

    init() throws {
        self.store = AccountStore(database: try Database())
    }

    func account(_ username: String) -> AccountRecord {
        AccountRecord(username: username, createdAt: 1_000)
    }

    func credential(of username: String, iterations: Int = 10_000) -> CredentialRecord {
        CredentialRecord(
            username: username, mechanism: "SCRAM-SHA-256", salt: [1, 2, 3], iterations: iterations,
            storedKey: [4, 0, 255], serverKey: [5])
    }

    func item(_ contact: String, of owner: String) -> RosterItemRecord {
        RosterItemRecord(
            owner: owner, contact: contact, name: "Bob", groups: ["night", "ops"], outgoing: "established",
            incoming: "pending", isPreApproved: false, isListed: true, request: "<presence/>")
    }

    @Test func anAccountComesBackAsItWasStored() async throws {
        let credential = self.credential(of: "alice")
        #expect(try await self.store.insert(self.account("alice"), credentials: [credential]))
        try await self.store.save(self.item("bob@tokyo.test", of: "alice"), version: 7)
        let stored = try await self.store.accounts()
        #expect(
            stored == [
                StoredAccount(
                    account: self.account("alice"), credentials: [credential],
                    roster: StoredRoster(version: 7, items: [self.item("bob@tokyo.test", of: "alice")]))
            ])
    }

    @Test func aNameIsTakenOnce() async throws {
        #expect(try await self.store.insert(self.account("alice"), credentials: []))
        #expect(try await !self.store.insert(self.account("alice"), credentials: []))
    }

    @Test func credentialsAreReplacedAsAWhole() async throws {
        _ = try await self.store.insert(
            self.account("alice"), credentials: [self.credential(of: "alice")])
        let renewed = self.credential(of: "alice", iterations: 20_000)
        #expect(try await self.store.replaceCredentials(of: "alice", with: [renewed]))
        #expect(try await self.store.accounts().first?.credentials == [renewed])
        #expect(try await !self.store.replaceCredentials(of: "nobody", with: []))
    }

    @Test("What an account blocks is written piece by piece, and goes with the account")
    func blockLists() async throws {
        _ = try await self.store.insert(self.account("alice"), credentials: [])
        try await self.store.changeBlockList(of: "alice", adding: ["b.test", "a.test"], removing: [])
        try await self.store.changeBlockList(of: "alice", adding: ["a.test", "c.test"], removing: ["b.test"])
        #expect(try await self.store.blockLists() == ["alice": ["a.test", "c.test"]])
        #expect(try await self.store.delete(username: "alice", address: "alice@paris.test"))
        #expect(try await self.store.blockLists() == [:])
        await #expect(throws: (any Error).self) {
            try await self.store.changeBlockList(of: "nobody", adding: ["a.test"], removing: [])
        }
    }

    @Test("A document is found by its key, its size is known in bytes, and it goes with the account")
    func documents() async throws {
        _ = try await self.store.insert(self.account("alice"), credentials: [])
        func record(_ content: String, namespace: String = "vcard-temp") -> AccountDocumentRecord {
            AccountDocumentRecord(
                username: "alice", area: "vcard", name: "vCard", namespace: namespace, content: content)
        }
        try await self.store.save([record("<a/>"), record("<b/>", namespace: "x")])
        try await self.store.save([record("<é/>")])
        #expect(
            try await self.store.document(area: "vcard", name: "vCard", namespace: "vcard-temp", of: "alice")
                == "<é/>")
        #expect(
            try await self.store.document(area: "private", name: "vCard", namespace: "x", of: "alice") == nil)
        #expect(try await self.store.documentSizes().map(\.bytes) == [5, 4])
        #expect(try await self.store.delete(username: "alice", address: "alice@paris.test"))
        #expect(try await self.store.documentSizes() == [])
    }

    @Test func tooFewIterationsAreRefusedByTheSchema() async throws {
        await #expect(throws: (any Error).self) {
            _ = try await self.store.insert(
                self.account("alice"), credentials: [self.credential(of: "alice", iterations: 4_095)])
        }
        #expect(try await self.store.accounts() == [])
    }

    @Test func deletingAnAccountLeavesNothingBehind() async throws {
        _ = try await self.store.insert(
            self.account("alice"), credentials: [self.credential(of: "alice")])
        try await self.store.save(self.item("bob@tokyo.test", of: "alice"), version: 1)
        let message = OfflineMessageRecord(username: "alice", receivedAt: 1, stanza: "<message/>")
        #expect(try await self.store.keep(message, limit: 10, bytes: 99))
        #expect(try await self.store.delete(username: "alice", address: "alice@paris.test"))
        #expect(try await !self.store.delete(username: "alice", address: "alice@paris.test"))

        _ = try await self.store.insert(self.account("alice"), credentials: [])
        let stored = try await self.store.accounts()
        #expect(stored.first?.roster == StoredRoster(version: 0, items: []))
        #expect(try await self.store.messages(for: "alice", bytes: 99).messages == [])
    }

    @Test func anItemIsRemovedWithTheNewVersion() async throws {
        _ = try await self.store.insert(self.account("alice"), credentials: [])
        try await self.store.save(self.item("bob@tokyo.test", of: "alice"), version: 1)
        try await self.store.removeItem(contact: "bob@tokyo.test", from: "alice", version: 2)
        #expect(try await self.store.accounts().first?.roster == StoredRoster(version: 2, items: []))
    }

    @Test func theDomainHasARosterOfItsOwn() async throws {
        try await self.store.save(self.item("bob@tokyo.test", of: ""), version: 1)
        #expect(try await self.store.domainRoster().items == [self.item("bob@tokyo.test", of: "")])
    }

    @Test("Messages are kept up to so many bytes, counted as UTF-8")
    func keptBytes() async throws {
        _ = try await self.store.insert(self.account("alice"), credentials: [])
        let message = OfflineMessageRecord(username: "alice", receivedAt: 1, stanza: "<é/>")
        #expect(try await self.store.keep(message, limit: 9, bytes: 5))
        #expect(try await !self.store.keep(message, limit: 9, bytes: 9))
        #expect(try await self.store.keep(message, limit: 9, bytes: 10))
    }

    @Test func messagesAreTakenOnceInOrderAndUpToTheLimit() async throws {
        _ = try await self.store.insert(self.account("alice"), credentials: [])
        for number in 1...3 {
            let message = OfflineMessageRecord(
                username: "alice", receivedAt: Int64(number), stanza: "<message id='\(number)'/>")
            #expect(try await self.store.keep(message, limit: 3, bytes: 99))
        }
        let late = OfflineMessageRecord(username: "alice", receivedAt: 4, stanza: "<message id='4'/>")
        #expect(try await !self.store.keep(late, limit: 3, bytes: 99))
        let (all, left) = try await self.store.messages(for: "alice", bytes: 99)
        #expect(all.map(\.receivedAt) == [1, 2, 3])
        #expect(left == 0)
        // Reading takes nothing away; what has been handed out is removed.
        let (some, rest) = try await self.store.messages(for: "alice", bytes: 40)
        #expect(some.map(\.receivedAt) == [1, 2])
        #expect(rest == 1)
        try await self.store.removeMessages(some.compactMap(\.id))
        #expect(try await self.store.messages(for: "alice", bytes: 0).messages.map(\.receivedAt) == [3])
    }
}
