/// What a user asks a coordinator to run.
package struct WorkloadSpecification: Hashable, Codable, Sendable {
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

    package init(
        name: String, replicas: Int, resources: Resources, image: ImageReference,
        audience: Audience = .anywhere,
        constraints: [Constraint] = [], spread: Spread = .pack, objectives: Objectives = Objectives(),
        gang: Bool? = nil,
        keeping: KeepingWishes? = nil
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
    }
}
