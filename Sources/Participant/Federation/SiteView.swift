import CloudModel
import Gossip

/// One site as operations show it.
struct SiteView: Encodable, Sendable {
    let site: SiteID
    let name: String
    /// How it and this site stand to each other; `this site` for itself.
    let standing: String
    let role: MemberRole?
    let reachability: Reachability?
    let policy: AdmissionPolicy?
    let country: String?
    let position: Position?
    let capacity: Capacity?
    let price: Price?
    /// Milliseconds.
    let roundTrip: Double?
    let reported: Instant?
    let lastHeard: Instant?
    /// Whether the capacity is recent enough to be relied upon.
    let isCurrent: Bool
    let reason: String?
    let key: String?

    init(_ site: KnownSite) {
        self.site = site.id
        self.name = site.name
        self.standing = site.standing.rawValue
        self.role = site.role
        self.reachability = site.standing == .member ? site.reachability : nil
        self.policy = site.description?.policy
        self.country = site.description?.country
        self.position = site.description?.position
        self.capacity = site.description?.capacity
        self.price = site.description?.price
        self.roundTrip = site.roundTrip.map { $0 / .milliseconds(1) }
        self.reported = site.description?.reported
        self.lastHeard = site.lastHeard
        self.isCurrent = site.isCurrent
        self.reason = site.reason
        self.key = site.key?.description
    }

    /// This site itself, as it described itself last.
    init(own site: SiteID, name: String, role: MemberRole, key: SiteKey, description: SiteDescription?) {
        self.site = site
        self.name = name
        self.standing = "this site"
        self.role = role
        self.reachability = .reachable
        self.policy = description?.policy
        self.country = description?.country
        self.position = description?.position
        self.capacity = description?.capacity
        self.price = description?.price
        self.roundTrip = nil
        self.reported = description?.reported
        self.lastHeard = nil
        self.isCurrent = true
        self.reason = nil
        self.key = key.description
    }
}
