import Testing
import XMPP

@testable import XMPPServer

@Suite("Who may make whom what")
struct RoomRulesTests {
    typealias Standing = RoomRules.Standing

    /// All standings that somebody in a room can have.
    static let standings = RoomAffiliation.allCases.filter { $0 != .outcast }.flatMap { affiliation in
        [RoomRole.visitor, .participant, .moderator].map { Standing(affiliation, $0) }
    }.filter { $0.affiliation < .admin || $0.role == .moderator }

    @Test("XEP-0045 §8, §9: who is neither moderator nor admin changes no role", arguments: standings)
    func mere(actor: Standing) {
        guard actor.role < .moderator else { return }
        for target in Self.standings {
            for role in RoomRole.allCases {
                #expect(RoomRules.refusal(of: role, for: target, by: actor) == .forbidden)
            }
        }
    }

    @Test("XEP-0045 §8.2: nobody kicks one with a higher affiliation")
    func kick() {
        for actor in Self.standings where actor.role == .moderator {
            for target in Self.standings {
                let refusal = RoomRules.refusal(of: .absent, for: target, by: actor)
                let mustBeRefused =
                    target.affiliation > actor.affiliation
                    || (target.role == .moderator && actor.affiliation < .admin)
                #expect(refusal == (mustBeRefused ? .notAllowed : nil), "\(actor) kicks \(target)")
            }
        }
    }

    @Test("XEP-0045 §8.3: a moderator gives voice to any visitor")
    func grantVoice() {
        for actor in Self.standings where actor.role == .moderator {
            for target in Self.standings where target.role == .visitor {
                #expect(RoomRules.refusal(of: .participant, for: target, by: actor) == nil)
            }
        }
    }

    @Test(
        "XEP-0045 §8.4: voice is not taken from admins and owners, nor from one at or above the moderator's level"
    )
    func revokeVoice() {
        for actor in Self.standings where actor.role == .moderator {
            for target in Self.standings where target.role == .participant {
                let isLevel = target.affiliation > .unaffiliated && target.affiliation >= actor.affiliation
                #expect(
                    RoomRules.refusal(of: .visitor, for: target, by: actor) == (isLevel ? .notAllowed : nil))
            }
            for affiliation in [RoomAffiliation.admin, .owner] {
                let target = Standing(affiliation, .moderator)
                #expect(RoomRules.refusal(of: .visitor, for: target, by: actor) == .notAllowed)
            }
        }
    }

    @Test("XEP-0045 §9.6: only admins and owners make moderators")
    func grantModerator() {
        for actor in Self.standings where actor.role == .moderator {
            for target in Self.standings {
                let expected: StanzaError.Condition? = actor.affiliation >= .admin ? nil : .forbidden
                #expect(RoomRules.refusal(of: .moderator, for: target, by: actor) == expected)
            }
        }
    }

    @Test("XEP-0045 §9.7: only admins and owners unmake moderators, and no admin or owner is unmade")
    func revokeModerator() {
        for actor in Self.standings where actor.role == .moderator {
            for target in Self.standings where target.role == .moderator {
                let refusal = RoomRules.refusal(of: .participant, for: target, by: actor)
                if target.affiliation >= .admin {
                    #expect(refusal == .notAllowed)
                } else {
                    #expect(refusal == (actor.affiliation >= .admin ? nil : .forbidden))
                }
            }
        }
    }

    /// XEP-0045 §5.2.2: for each change, the least affiliation of who may make it.
    static func least(from: RoomAffiliation, to: RoomAffiliation) -> RoomAffiliation {
        from >= .admin || to >= .admin ? .owner : .admin
    }

    @Test("XEP-0045 §5.2.2: the table of affiliation changes, and the right error for each that is forbidden")
    func affiliations() {
        for actor in RoomAffiliation.allCases {
            for target in RoomAffiliation.allCases {
                for affiliation in RoomAffiliation.allCases {
                    let refusal = RoomRules.refusal(of: affiliation, for: target, by: actor, isSelf: false)
                    let isAllowed = actor >= Self.least(from: target, to: affiliation)
                    let isBan = affiliation == .outcast && actor == .admin
                    #expect(
                        refusal == (isAllowed ? nil : isBan ? .notAllowed : .forbidden),
                        "\(actor) makes \(target) \(affiliation)")
                }
            }
        }
    }

    @Test(
        "XEP-0045 §9.1: admins and owners cannot ban themselves", arguments: [RoomAffiliation.admin, .owner])
    func selfBan(affiliation: RoomAffiliation) {
        #expect(
            RoomRules.refusal(of: .outcast, for: affiliation, by: affiliation, isSelf: true) == .conflict)
    }

    @Test("XEP-0045 §5.1.2: the default roles")
    func defaultRoles() {
        let open = RoomConfiguration()
        let moderated = RoomConfiguration(isModerated: true)
        let expected: [(RoomAffiliation, RoomRole, RoomRole)] = [
            (.owner, .moderator, .moderator), (.admin, .moderator, .moderator),
            (.member, .participant, .participant), (.unaffiliated, .participant, .visitor),
            (.outcast, .absent, .absent),
        ]
        for (affiliation, inOpen, inModerated) in expected {
            #expect(open.defaultRole(for: affiliation) == inOpen)
            #expect(moderated.defaultRole(for: affiliation) == inModerated)
        }
    }

    @Test("XEP-0045 §5.1.3: what an affiliation brings to one who is there")
    func rolesOfAffiliations() {
        let moderated = RoomConfiguration(isModerated: true)
        func role(_ affiliation: RoomAffiliation, _ before: RoomAffiliation, _ role: RoomRole) -> RoomRole {
            RoomRules.role(after: affiliation, was: Standing(before, role), in: moderated)
        }
        #expect(role(.admin, .unaffiliated, .visitor) == .moderator)
        #expect(role(.owner, .member, .participant) == .moderator)
        #expect(role(.member, .unaffiliated, .visitor) == .participant)
        #expect(role(.member, .unaffiliated, .moderator) == .moderator)
        #expect(role(.member, .admin, .moderator) == .participant)
        #expect(role(.unaffiliated, .admin, .moderator) == .visitor)
        #expect(role(.unaffiliated, .member, .participant) == .participant)
        #expect(role(.admin, .owner, .moderator) == .moderator)
        #expect(role(.outcast, .member, .participant) == .absent)
    }

    @Test("CVE-2021-37601, XEP-0045 §9.5, §10.5: who sees which list")
    func lists() {
        for listed in RoomAffiliation.allCases {
            for asker in RoomAffiliation.allCases {
                for (isOpen, isClosed, isOccupant) in [
                    (true, true, true), (true, true, false), (true, false, true), (true, false, false),
                    (false, true, true), (false, true, false), (false, false, true), (false, false, false),
                ] {
                    let room = RoomConfiguration(isMembersOnly: isClosed, isNonAnonymous: isOpen)
                    let maySee = RoomRules.maySeeList(
                        of: listed, by: asker, isOccupant: isOccupant, in: room)
                    let expected =
                        switch listed {
                        case .unaffiliated: false
                        case .outcast: asker >= .admin
                        case .member:
                            asker >= .admin
                                || (isOpen && (asker == .member || (isClosed && isOccupant)))
                        case .admin, .owner: asker == .owner || (isOpen && asker >= .member)
                        }
                    #expect(maySee == expected)
                    if !isOpen, asker < .admin { #expect(!maySee) }
                }
            }
        }
    }
}
