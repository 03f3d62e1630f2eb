/// What a user asks a coordinator to run.
package struct WorkloadSpecification: Hashable, Codable, Sendable {
    /// The priorities that may be asked for.
    package static let priorities = -100...100
    package static let usualPriority = 0

    /// 1–48 characters of `a–z`, `0–9` and inner `-`; replica machines are named `<name>-<index>`.
    package var name: String
    package var replicas: Int
    package var resources: Resources
    package var image: ImageReference
    package var audience: Audience
    package var constraints: [Constraint]
    package var spread: Spread
    package var objectives: Objectives
    /// Whether all replicas are placed or none; nil as false.
    package var gang: Bool?
    /// How it is kept once it is placed; nil for the usual way.
    package var keeping: KeepingWishes?
    /// Who is served first where room is scarce: the higher, of two that are equal the older; nil for the usual one.
    package var priority: Int?
    /// Whether replicas at one site share a host or must not; nil if that does not matter.
    package var hosts: HostWish?
    /// How it follows its users; nil if it stays as it is.
    package var following: FollowingWishes?
    /// The part of an application that it is; nil if it stands by itself.
    package var part: PartReference?

    package init(
        name: String, replicas: Int, resources: Resources, image: ImageReference,
        audience: Audience = .anywhere,
        constraints: [Constraint] = [], spread: Spread = .pack, objectives: Objectives = Objectives(),
        gang: Bool? = nil,
        keeping: KeepingWishes? = nil, priority: Int? = nil, hosts: HostWish? = nil
    ) {
        self.name = name
        self.replicas = replicas
        self.resources = resources
        self.image = image
        self.audience = audience
        self.constraints = constraints
        self.spread = spread
        self.objectives = objectives
        self.gang = gang
        self.keeping = keeping
        self.priority = priority
        self.hosts = hosts
    }
}
