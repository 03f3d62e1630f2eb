package import XMPP

/// Who may make whom what: the tables of XEP-0045 §5 as functions.
package enum RoomRules {
    /// Somebody as the rules see him.
    package struct Standing: Hashable, Sendable {
        package var affiliation: RoomAffiliation
        package var role: RoomRole

        package init(_ affiliation: RoomAffiliation, _ role: RoomRole) {
            self.affiliation = affiliation
            self.role = role
        }
    }

    /// Why a change is refused; nil if it is allowed.
    ///
    /// `role` is what `target` is to have, `absent` to be kicked (XEP-0045 §8.2 to §8.5, §9.6 to §9.8).
    package static func refusal(
        of role: RoomRole, for target: Standing, by actor: Standing
    ) -> StanzaError.Condition? {
        guard actor.role == .moderator || actor.affiliation >= .admin else { return .forbidden }
        switch role {
        case .absent:
            if target.affiliation > actor.affiliation { return .notAllowed }
            // §5.1.3: only an admin or owner kicks a moderator.
            return target.role == .moderator && actor.affiliation < .admin ? .notAllowed : nil
        case .moderator: return actor.affiliation >= .admin ? nil : .forbidden
        case .participant:
            return target.role == .moderator ? Self.refusalToDemote(target, by: actor) : nil
        case .visitor:
            if target.role == .moderator { return Self.refusalToDemote(target, by: actor) }
            return Self.refusalToSilence(target, by: actor)
        }
    }

    /// XEP-0045 §9.7: a moderator who is so by affiliation stays one.
    private static func refusalToDemote(_ target: Standing, by actor: Standing) -> StanzaError.Condition? {
        if target.affiliation >= .admin { return .notAllowed }
        return actor.affiliation >= .admin ? nil : .forbidden
    }

    /// XEP-0045 §8.4: voice is not taken from one whose affiliation is at or above the moderator's.
    ///
    /// To have no affiliation is not to be at a level: two who have none can still be told apart by their roles.
    private static func refusalToSilence(_ target: Standing, by actor: Standing) -> StanzaError.Condition? {
        if target.affiliation >= .admin { return .notAllowed }
        if target.affiliation > .unaffiliated, target.affiliation >= actor.affiliation { return .notAllowed }
        return nil
    }

    /// Why a change of affiliation is refused; nil if it is allowed (XEP-0045 §5.2.2, §9, §10).
    ///
    /// - Parameter isSelf: whether actor and target are one person.
    package static func refusal(
        of affiliation: RoomAffiliation, for target: RoomAffiliation, by actor: RoomAffiliation, isSelf: Bool
    ) -> StanzaError.Condition? {
        guard actor >= .admin else { return .forbidden }
        if affiliation == .outcast {
            if isSelf { return .conflict }
            if actor < .owner, target >= .admin { return .notAllowed }
            return nil
        }
        if actor < .owner, target >= .admin || affiliation >= .admin { return .forbidden }
        return nil
    }

    /// The role of an occupant whose affiliation changes while he is there (XEP-0045 §5.1.3, note).
    package static func role(
        after affiliation: RoomAffiliation, was: Standing, in configuration: RoomConfiguration
    ) -> RoomRole {
        switch affiliation {
        case .outcast: .absent
        case .owner, .admin: .moderator
        case .member:
            was.affiliation >= .admin
                ? configuration.defaultRole(for: .member) : max(was.role, .participant)
        case .unaffiliated:
            was.affiliation >= .admin ? configuration.defaultRole(for: .unaffiliated) : was.role
        }
    }

    /// Whether the list of an affiliation may be shown (XEP-0045 §9.2, §9.5, §10.5, §10.8; CVE-2021-37601).
    ///
    /// - Parameter isOccupant: whether the asker is in the room.
    package static func maySeeList(
        of listed: RoomAffiliation, by asker: RoomAffiliation, isOccupant: Bool,
        in configuration: RoomConfiguration
    ) -> Bool {
        switch listed {
        case .outcast: return asker >= .admin
        case .member:
            if asker >= .admin { return true }
            guard configuration.isNonAnonymous else { return false }
            return asker == .member || (configuration.isMembersOnly && isOccupant)
        case .admin, .owner:
            if asker == .owner { return true }
            return configuration.isNonAnonymous && asker >= .member
        case .unaffiliated: return false
        }
    }
}
