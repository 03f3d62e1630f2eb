import CloudModel
import Foundation
import GRDB
import Gossip

/// One site of the alliance, as it is kept.
struct MemberRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    static let databaseTableName = "federationMember"

    var site: String
    var standing: String
    var role: String?
    var name: String?
    var pinnedKey: Data?
    var offeredKey: Data?
    var reason: String?
    var hasJoined: Bool
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var since: Int64

    init(_ member: Member) {
        self.site = member.site.address
        self.standing = member.standing.rawValue
        self.role = member.role?.rawValue
        self.name = member.name
        self.pinnedKey = member.pinnedKey.map { Data($0.bytes) }
        self.offeredKey = member.offeredKey.map { Data($0.bytes) }
        self.reason = member.reason
        self.hasJoined = member.hasJoined
        self.since = member.since.millisecondsSinceEpoch
    }

    /// The member; an unknown standing of a later version counts as `left`, which trusts nobody.
    var member: Member {
        Member(
            site: SiteID(self.site), standing: Standing(rawValue: self.standing) ?? .left,
            role: self.role.flatMap(MemberRole.init), name: self.name,
            pinnedKey: self.pinnedKey.flatMap { SiteKey(bytes: Array($0)) },
            offeredKey: self.offeredKey.flatMap { SiteKey(bytes: Array($0)) }, reason: self.reason,
            hasJoined: self.hasJoined, since: Instant(millisecondsSinceEpoch: self.since))
    }
}
