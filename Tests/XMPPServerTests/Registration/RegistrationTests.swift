import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct RegistrationTests {
    func set(_ registration: Registration, to: JID? = nil) -> Stanza {
        .iq(IQ(to: to, id: "r", body: .set(registration.element)))
    }

    @Test("XEP-0077 §3.3: A client changes its account's password, asked of the account or of the domain")
    func passwordChange() throws {
        for to in [nil, DomainBench.local("alice"), DomainBench.domainAddress] {
            var bench = DomainBench()
            let alice = try bench.connect("alice")
            _ = bench.take(alice)
            bench.send(
                self.set(Registration(username: "Alice", password: "correct horse"), to: to), from: alice)
            let answers = bench.take(alice)
            #expect(answers.map(\.errorCondition) == [nil])
            #expect(answers.first?.to == alice.address)
            #expect(bench.passwords == [alice.address.bare: "correct horse"])
            #expect(bench.served.isEmpty)
        }
    }

    @Test("XEP-0077 §3.3: Nobody changes somebody else's password, nor without one")
    func refusals() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        let cases: [(Registration, StanzaError.Condition)] = [
            (Registration(username: "bob", password: "hunter22222"), .notAllowed),
            (Registration(username: "@", password: "hunter22222"), .notAllowed),
            (Registration(username: "alice"), .badRequest),
            (Registration(username: "alice", password: ""), .badRequest),
            (Registration(password: "hunter22222"), .badRequest),
        ]
        for (registration, condition) in cases {
            for to in [nil, DomainBench.domainAddress] {
                bench.send(self.set(registration, to: to), from: alice)
                #expect(bench.take(alice).map(\.errorCondition) == [condition])
            }
        }
        bench.send(
            self.set(Registration(username: "alice", password: "hunter22222"), to: DomainBench.local("bob")),
            from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.forbidden])
        let carol = try JID("carol@tokyo.test/laptop")
        bench.handle(
            .routed(
                .iq(
                    IQ(
                        to: DomainBench.domainAddress, from: carol, id: "r",
                        body: .set(Registration(username: "carol", password: "hunter22222").element)))))
        #expect(bench.takeRemote().map(\.errorCondition) == [.notAllowed])
        #expect(bench.passwords.isEmpty)
    }

    @Test("One account's password is changed so often, and no more")
    func rate() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        let change = self.set(Registration(username: "alice", password: "hunter22222"))
        bench.send(change, from: alice)
        bench.now = bench.now.advanced(by: LocalDomain.passwordInterval - .milliseconds(1))
        bench.send(change, from: alice)
        bench.now = bench.now.advanced(by: .milliseconds(1))
        bench.send(change, from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [nil, .resourceConstraint, nil])
    }

    @Test(
        "Of changes of one password that were decided upon together one is made; of all accounts so many at a time"
    )
    func together() throws {
        var bench = DomainBench(accounts: ["alice", "bob", "carol"])
        func decided(_ name: String, _ resource: String) throws -> AccountRequest {
            let session = try bench.connect(name, resource)
            let change = self.set(Registration(username: name, password: "hunter22222"))
            let step = bench.domain.handle(.fromClient(change, session.id), at: bench.now)
            guard case .durable(.changeAccount(.setPassword(_, let request))) = step else {
                throw StanzaError(.unexpectedRequest)
            }
            return request
        }
        let desk = try decided("alice", "desk")
        let phone = try decided("alice", "phone")
        let bob = try decided("bob", "desk")
        let carol = try decided("carol", "desk")
        #expect(bench.domain.beginPasswordChange(desk) == nil)
        #expect(bench.domain.beginPasswordChange(phone)?.condition == .resourceConstraint)
        #expect(LocalDomain.passwordChangesAtOnce == 2)
        #expect(bench.domain.beginPasswordChange(bob) == nil)
        #expect(bench.domain.beginPasswordChange(carol)?.condition == .resourceConstraint)
        _ = bench.domain.changedPassword(nil, for: desk)
        #expect(bench.domain.beginPasswordChange(phone)?.condition == .resourceConstraint, "just now")
        #expect(bench.domain.beginPasswordChange(carol) == nil)
        // What failed does not count.
        _ = bench.domain.changedPassword(StanzaError(.notAcceptable), for: bob)
        #expect(bench.domain.beginPasswordChange(bob) == nil)
    }

    @Test("XEP-0077 §3.2: A client deletes its account: it is answered, then closed")
    func removal() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.set(Registration(isRemoval: true)), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [nil])
        #expect(bench.closed[alice.id]?.condition == .notAuthorized)
        #expect(!bench.domain.hasAccount(alice.address.bare))
    }

    @Test("XEP-0077 §3.1.1: Who asks is told which account it has")
    func question() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(
            .iq(IQ(to: DomainBench.domainAddress, id: "g", body: .get(Registration().element))), from: alice)
        guard case .result(.some(let element)) = bench.take(alice).first?.iqValue?.body else {
            Issue.record("no answer")
            return
        }
        #expect(
            try Registration(parsing: element)
                == Registration(isRegistered: true, username: "alice", password: ""))
    }

    @Test("It can be left out, and nothing is announced then; nothing is ever offered on the stream")
    func leftOut() throws {
        let features = DomainFeature.all.filter { $0.name != DomainFeature.registration.name }
        var bench = DomainBench(features: features)
        #expect(!bench.domain.info.features.contains(Namespace.registration))
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.set(Registration(isRemoval: true)), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.serviceUnavailable])
        #expect(DomainBench().domain.info.features.contains(Namespace.registration))
        #expect(DomainFeature.registration.streamFeatures.isEmpty)
    }
}
