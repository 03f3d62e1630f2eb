import CloudModel
import Gossip
import Testing

@Suite("Membership")
struct MembershipTests {
    private let now = Instant.seconds(0)
    private let paris = Introduction(name: "Paris", role: .agent, key: SiteKey(number: 1))
    private let tokyo = Introduction(name: "Tokyo", role: .agent, key: SiteKey(number: 2))

    @Test("One invites, the other accepts: both are members with the keys pinned")
    func doubleOptIn() throws {
        var paris = Membership(own: "paris.test")
        var tokyo = Membership(own: "tokyo.test")
        #expect(try paris.invite("tokyo.test", now: self.now).contains(.sendInvitation("tokyo.test")))
        #expect(paris[site: "tokyo.test"]?.standing == .invited)
        let noted = tokyo.receiveInvitation(from: "paris.test", self.paris, now: self.now)
        #expect(noted.refusal == nil && noted.directives.contains(.report(.invitedBy("paris.test"))))
        #expect(!tokyo.isMember("paris.test"))
        #expect(try tokyo.accept("paris.test", now: self.now).contains(.sendAcceptance("paris.test")))
        #expect(tokyo[site: "paris.test"]?.standing == .accepting)
        let accepted = paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: self.now)
        #expect(accepted.refusal == nil && accepted.directives.contains(.report(.joined("tokyo.test"))))
        #expect(
            tokyo.acceptanceConfirmed(by: "paris.test", now: self.now).contains(
                .report(.joined("paris.test"))))
        #expect(paris[site: "tokyo.test"]?.pinnedKey == self.tokyo.key)
        #expect(tokyo[site: "paris.test"]?.pinnedKey == self.paris.key)
        // The confirmation was lost and the acceptance comes again.
        let again = paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: self.now)
        #expect(again == Membership.OnIntroduction(refusal: nil, directives: []))
    }

    @Test("Invitations that cross are both opt-ins")
    func crossing() throws {
        var paris = Membership(own: "paris.test")
        var tokyo = Membership(own: "tokyo.test")
        _ = try paris.invite("tokyo.test", now: self.now)
        _ = try tokyo.invite("paris.test", now: self.now)
        #expect(paris.receiveInvitation(from: "tokyo.test", self.tokyo, now: self.now).refusal == nil)
        #expect(tokyo.receiveInvitation(from: "paris.test", self.paris, now: self.now).refusal == nil)
        #expect(paris.isMember("tokyo.test") && tokyo.isMember("paris.test"))
    }

    @Test("Inviting who has invited is accepting")
    func inviteBack() throws {
        var tokyo = Membership(own: "tokyo.test")
        _ = tokyo.receiveInvitation(from: "paris.test", self.paris, now: self.now)
        #expect(try tokyo.invite("paris.test", now: self.now).contains(.sendAcceptance("paris.test")))
    }

    @Test("Nobody joins by accepting what was not offered")
    func uninvited() {
        var paris = Membership(own: "paris.test")
        #expect(paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: self.now).refusal == .notInvited)
        #expect(paris[site: "tokyo.test"] == nil)
        _ = paris.receiveInvitation(from: "tokyo.test", self.tokyo, now: self.now)
        #expect(paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: self.now).refusal == .notInvited)
        #expect(paris[site: "tokyo.test"]?.standing == .invitedBy)
    }

    @Test("Another key quarantines until an admin accepts it")
    func changedKey() throws {
        var paris = Membership(own: "paris.test")
        _ = try paris.invite("tokyo.test", now: self.now)
        _ = paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: self.now)
        let stranger = Introduction(name: "Tokyo", role: .agent, key: SiteKey(number: 3))
        let refused = paris.receiveAcceptance(from: "tokyo.test", stranger, now: self.now)
        #expect(refused.refusal == .keyChanged)
        #expect(refused.directives.contains(.report(.keyChanged("tokyo.test", offered: stranger.key))))
        let member = try #require(paris[site: "tokyo.test"])
        #expect(member.standing == .quarantined && member.pinnedKey == self.tokyo.key)
        #expect(member.reason?.contains("another key") == true)
        // Saying it again is refused again, but not reported again.
        let again = paris.receiveInvitation(from: "tokyo.test", stranger, now: self.now)
        #expect(again == Membership.OnIntroduction(refusal: .keyChanged, directives: []))
        #expect(try paris.accept("tokyo.test", now: self.now).contains(.sendAcceptance("tokyo.test")))
        _ = paris.acceptanceConfirmed(by: "tokyo.test", now: self.now)
        #expect(paris.isMember("tokyo.test") && paris[site: "tokyo.test"]?.pinnedKey == stranger.key)
    }

    @Test("A member that lost what it knew invites anew and is accepted at once, with the same key only")
    func forgetful() throws {
        var paris = Membership(own: "paris.test")
        _ = try paris.invite("tokyo.test", now: self.now)
        _ = paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: self.now)
        let again = paris.receiveInvitation(from: "tokyo.test", self.tokyo, now: self.now)
        #expect(again == Membership.OnIntroduction(refusal: nil, directives: [.sendAcceptance("tokyo.test")]))
    }

    @Test("Leaving ends it on both sides, from any standing, and inviting starts anew")
    func leaving() throws {
        var paris = Membership(own: "paris.test")
        _ = try paris.invite("tokyo.test", now: self.now)
        _ = paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: self.now)
        #expect(try paris.leave("tokyo.test", now: self.now).contains(.sendDeparture("tokyo.test")))
        #expect(paris[site: "tokyo.test"]?.standing == .left && paris[site: "tokyo.test"]?.pinnedKey == nil)
        #expect(try paris.leave("tokyo.test", now: self.now).isEmpty)
        #expect(paris.receiveDeparture(from: "tokyo.test", reason: nil, now: self.now).isEmpty)
        #expect(throws: MembershipError.notInvited("tokyo.test")) {
            try paris.accept("tokyo.test", now: self.now)
        }
        #expect(try paris.invite("tokyo.test", now: self.now).contains(.sendInvitation("tokyo.test")))
        let departed = paris.receiveDeparture(from: "tokyo.test", reason: "moving", now: self.now)
        #expect(departed.contains(.report(.departed("tokyo.test", reason: "moving"))))
        #expect(paris[site: "tokyo.test"]?.reason == "it left: moving")
    }

    @Test("Who shows another key is not believed when it says that it leaves")
    func departureInQuarantine() throws {
        var paris = Membership(own: "paris.test")
        _ = try paris.invite("tokyo.test", now: self.now)
        _ = paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: self.now)
        _ = paris.keyChanged(by: "tokyo.test", to: SiteKey(number: 99), now: self.now)
        #expect(paris[site: "tokyo.test"]?.standing == .quarantined)
        #expect(paris.receiveDeparture(from: "tokyo.test", reason: "moving", now: self.now).isEmpty)
        #expect(paris.receiveInvitation(from: "tokyo.test", self.tokyo, now: self.now).refusal == .keyChanged)
        #expect(paris[site: "tokyo.test"]?.standing == .quarantined)
        _ = try paris.leave("tokyo.test", now: self.now)
        #expect(paris[site: "tokyo.test"]?.standing == .left)
    }

    @Test("A refused acceptance ends, a refused invitation waits with its reason")
    func refusals() throws {
        var paris = Membership(own: "paris.test")
        _ = try paris.invite("tokyo.test", now: self.now)
        _ = paris.refused(by: "tokyo.test", reason: "no", now: self.now)
        #expect(paris[site: "tokyo.test"]?.standing == .invited)
        #expect(paris[site: "tokyo.test"]?.reason == "it refused: no")
        _ = paris.receiveInvitation(from: "rome.test", self.tokyo, now: self.now)
        _ = try paris.accept("rome.test", now: self.now)
        _ = paris.refused(by: "rome.test", reason: "too late", now: self.now)
        #expect(paris[site: "rome.test"]?.standing == .left)
    }

    @Test("Wishes that cannot be met say why and what to do")
    func errors() throws {
        var paris = Membership(own: "paris.test")
        #expect(throws: MembershipError.ownSite("paris.test")) {
            try paris.invite("paris.test", now: self.now)
        }
        #expect(throws: MembershipError.unknown("x.test")) { try paris.accept("x.test", now: self.now) }
        #expect(throws: MembershipError.unknown("x.test")) { try paris.leave("x.test", now: self.now) }
        _ = try paris.invite("x.test", now: self.now)
        #expect(throws: MembershipError.awaitingThem("x.test")) { try paris.accept("x.test", now: self.now) }
        _ = paris.receiveAcceptance(from: "x.test", self.tokyo, now: self.now)
        #expect(throws: MembershipError.alreadyMember("x.test")) { try paris.accept("x.test", now: self.now) }
    }

    @Test("Strangers can make a site remember only so much")
    func limits() throws {
        var limits = Membership.Limits()
        limits.sites = 4
        limits.unanswered = 2
        var paris = Membership(own: "paris.test", limits: limits)
        for name in ["a", "b"] as [SiteID] {
            #expect(paris.receiveInvitation(from: name, self.tokyo, now: self.now).refusal == nil)
        }
        #expect(paris.receiveInvitation(from: "c", self.tokyo, now: self.now).refusal == .full)
        #expect(paris.receiveInvitation(from: "a", self.tokyo, now: self.now).refusal == nil)
        #expect(paris.receiveInvitation(from: "paris.test", self.tokyo, now: self.now).refusal == .full)
        _ = try paris.invite("d", now: self.now)
        _ = try paris.invite("e", now: self.now)
        #expect(throws: MembershipError.full(limit: 4)) { try paris.invite("f", now: self.now) }
    }

    @Test("Strangers who come and go leave nothing behind, however many they are")
    func comingAndGoing() throws {
        var limits = Membership.Limits()
        limits.sites = 4
        var paris = Membership(own: "paris.test", limits: limits)
        for number in 0..<20 {
            let stranger = SiteID("stranger\(number)")
            #expect(paris.receiveInvitation(from: stranger, self.tokyo, now: self.now).refusal == nil)
            let directives = paris.receiveDeparture(from: stranger, reason: nil, now: self.now)
            #expect(directives.contains(.forget(stranger)))
            #expect(paris[site: stranger] == nil)
        }
        #expect(paris.all.isEmpty)
    }

    @Test("Who had joined and left is remembered, even if it then asks again and takes that back")
    func formerMember() throws {
        var paris = Membership(own: "paris.test")
        _ = try paris.invite("tokyo.test", now: self.now)
        _ = paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: self.now)
        for _ in 0..<2 {
            _ = paris.receiveDeparture(from: "tokyo.test", reason: nil, now: self.now)
            #expect(paris[site: "tokyo.test"]?.standing == .left)
            _ = paris.receiveInvitation(from: "tokyo.test", self.tokyo, now: self.now)
            #expect(paris[site: "tokyo.test"]?.standing == .invitedBy)
        }
    }

    @Test("A full table forgets who left longest ago without having joined, never a former member")
    func eviction() throws {
        var limits = Membership.Limits()
        limits.sites = 3
        var paris = Membership(own: "paris.test", limits: limits)
        _ = try paris.invite("tokyo.test", now: .seconds(0))
        _ = paris.receiveAcceptance(from: "tokyo.test", self.tokyo, now: .seconds(0))
        _ = try paris.leave("tokyo.test", now: .seconds(1))
        for (second, name) in [(3.0, "late"), (2.0, "early")] {
            _ = try paris.invite(SiteID(name), now: .seconds(2))
            _ = try paris.leave(SiteID(name), now: .seconds(second))
        }
        #expect(try paris.invite("rome.test", now: .seconds(4)).contains(.forget("early")))
        #expect(paris[site: "early"] == nil && paris[site: "late"]?.standing == .left)
        let invited = paris.receiveInvitation(from: "oslo.test", self.tokyo, now: .seconds(5))
        #expect(invited.refusal == nil && invited.directives.contains(.forget("late")))
        #expect(throws: MembershipError.full(limit: 3)) { try paris.invite("more", now: .seconds(6)) }
        #expect(paris.receiveInvitation(from: "more", self.tokyo, now: .seconds(6)).refusal == .full)
        #expect(paris[site: "tokyo.test"]?.standing == .left)
    }
}
