/// One problem of placing, whole: what each choice costs, and what was chosen.
///
/// The total is the sum over replicas of what a replica of its group costs at its site, and of what the place costs
/// that it takes there. Places cost the more the later they are taken, so minimising the total is a minimum-cost flow,
/// which a solver that knows nothing of ours can solve.
struct QualityInstance: Codable, Sendable {
    /// Replicas that are alike: the same users and the same objectives.
    struct Group: Codable, Sendable {
        var replicas: Int
        /// By the number of the site.
        let costs: [Double]
        /// Where its replicas are, by the number of the site.
        var placed: [Int: Int] = [:]
    }

    struct Site: Codable, Sendable {
        /// What each further replica costs there for load and room; as many as the site has places.
        let places: [Double]
    }

    var groups: [Group]
    let sites: [Site]
    /// What was chosen, added up replica by replica as they were placed.
    private(set) var cost = 0.0

    init(groups: [Group], sites: [Site]) {
        self.groups = groups
        self.sites = sites
    }

    /// Puts one more replica of `group` into that place of the site.
    mutating func add(group: Int, site: Int, place: Int) {
        self.groups[group].replicas += 1
        self.groups[group].placed[site, default: 0] += 1
        self.cost += self.groups[group].costs[site] + self.sites[site].places[place]
    }
}
