package import CloudModel

extension WorkloadSpecification {
    /// The workload that the parameters of `workload.plan` and `workload.place` describe.
    package init(_ invocation: Invocation) throws(OperationError) {
        self.init(
            name: try invocation.text("name"), replicas: Int(try invocation.integer("replicas")),
            resources: try Resources(invocation), image: try ImageReference(invocation),
            audience: try Audience(
                entries: invocation.list("audience"), target: invocation["target"]?.number),
            constraints: try Self.constraints(invocation),
            spread: invocation["per-site"]?.integer.map { .atMostPerSite(Int($0)) } ?? .pack,
            objectives: Objectives(invocation), gang: invocation["gang"]?.bool == true ? true : nil,
            keeping: Self.keeping(invocation), priority: Self.priority(invocation),
            hosts: invocation["hosts"]?.string.flatMap(HostWish.init(rawValue:)))
        self.following = try FollowingWishes(invocation)
    }

    /// The usual priority is not written down, so that a request reads as it did before there were any.
    private static func priority(_ invocation: Invocation) -> Int? {
        invocation["priority"]?.integer.map { Int($0) }.flatMap { $0 == Self.usualPriority ? nil : $0 }
    }

    private static func keeping(_ invocation: Invocation) -> KeepingWishes? {
        let lease = invocation["lease"]?.integer.map { Int($0) }
        let minimum = invocation["minimum"]?.integer.map { Int($0) }
        return lease == nil && minimum == nil ? nil : KeepingWishes(leaseSeconds: lease, minimum: minimum)
    }

    private static func constraints(_ invocation: Invocation) throws(OperationError) -> [Constraint] {
        var constraints: [Constraint] = []
        let countries = invocation.list("countries").map { $0.uppercased() }
        if !countries.isEmpty { constraints.append(.country(countries)) }
        let regions = invocation.list("regions").map { $0.lowercased() }
        if !regions.isEmpty { constraints.append(.region(regions)) }
        for (name, value) in try invocation.pairs("labels").sorted(by: { $0.key < $1.key }) {
            constraints.append(.label(name: name, value: value))
        }
        constraints += invocation.list("features").map(Constraint.feature)
        if let hypervisor = invocation["hypervisor"]?.string { constraints.append(.hypervisor(hypervisor)) }
        let only = invocation.list("only").map { SiteID($0) }
        if !only.isEmpty { constraints.append(.only(only)) }
        let avoid = invocation.list("avoid").map { SiteID($0) }
        if !avoid.isEmpty { constraints.append(.avoid(avoid)) }
        if let limit = invocation["max-latency"]?.number {
            constraints.append(.latencyAtMost(milliseconds: limit))
        }
        if let limit = invocation["max-price"]?.number { constraints.append(.priceAtMost(perHour: limit)) }
        if let limit = invocation["max-carbon"]?.number {
            constraints.append(.carbonAtMost(gramsPerHour: limit))
        }
        let beside = invocation.list("beside")
        if !beside.isEmpty { constraints.append(.beside(beside)) }
        let apart = invocation.list("apart")
        if !apart.isEmpty { constraints.append(.apart(apart)) }
        for (name, text) in try invocation.pairs("within").sorted(by: { $0.key < $1.key }) {
            guard let limit = Parameter.Unit.milliseconds.number(in: text) else {
                throw OperationError(
                    .badRequest,
                    "an entry of within must be NAME:MILLISECONDS; \("\(name):\(text)".quoted) is not")
            }
            constraints.append(.within(name, milliseconds: limit))
        }
        return constraints
    }
}

extension Objectives {
    /// The weights that the parameters `weight-…` give.
    package init(_ invocation: Invocation) {
        let usual = Objectives()
        self.init(
            latency: invocation["weight-latency"]?.number ?? usual.latency,
            price: invocation["weight-price"]?.number ?? usual.price,
            carbon: invocation["weight-carbon"]?.number ?? usual.carbon,
            load: invocation["weight-load"]?.number ?? usual.load,
            room: invocation["weight-room"]?.number ?? usual.room)
    }
}
