import CloudModel

extension Catalogue {
    private static let workloadParameter = Parameter.required("workload", "name or id of the workload")

    /// What a user asks for; `plan` and `place` take the same.
    private static let workloadShape: [Parameter] =
        Self.workloadNames + Self.machineShape + Self.workloadWishes + Self.followingWishes

    static func integer(_ range: ClosedRange<Int>) -> Parameter.Kind {
        .integer(Int64(range.lowerBound)...Int64(range.upperBound))
    }

    private static let workloadNames: [Parameter] = [
        .required("name", "1–48 characters of a–z, 0–9 and inner -"),
        .optional("replicas", .integer(1...1_000), "how many machines", default: 1),
    ]

    private static let workloadWishes: [Parameter] = [
        .optional(
            "audience", .list,
            "where the users are: sites, countries, workload/NAME or LATITUDE/LONGITUDE, each with :SHARE if "
                + "not alike"),
        .optional(
            "target", .number(Constraint.latencies),
            "response time aimed at in milliseconds: nearer is no better",
            in: .milliseconds),
        .optional("countries", .list, "only sites in these countries (two letters)"),
        .optional("regions", .list, "only sites where a common law holds: eu, eea, efta, asean, mercosur"),
        .optional("labels", .list, "only sites with these labels, as name:value"),
        .optional("features", .list, "only sites with these features: labels that do not say no"),
        .optional("hypervisor", "only sites with this hypervisor"),
        .optional("only", .list, "only these sites"),
        .optional("avoid", .list, "none of these sites"),
        .optional(
            "max-latency", .number(Constraint.latencies),
            "longest round trip to the audience in milliseconds",
            in: .milliseconds),
        .optional("gang", .boolean, "place all replicas or none", default: false),
        .optional(
            "max-price", .number(Constraint.prices),
            "most that a replica may cost an hour, in the coordinator's currency"),
        .optional(
            "max-carbon", .number(Constraint.emissions),
            "most that a replica may emit, grams of CO2e an hour",
            in: .grams),
        .optional("beside", .list, "only sites that have a replica of one of these workloads of yours"),
        .optional("apart", .list, "no site that has a replica of any of these workloads of yours"),
        .optional(
            "within", .list,
            "only sites this near to a replica of other workloads of yours, as NAME:MILLISECONDS of round trip"
        ),
        .optional("per-site", .integer(1...1_000), "at most this many replicas at one site"),
        .optional(
            "hosts", .choice(HostWish.allCases.map(\.rawValue)),
            "replicas at one site run on different hosts, or all on one"),
        .optional(
            "priority", Self.integer(WorkloadSpecification.priorities),
            "whose turn it is first where room is scarce: the higher, then the older; nothing that runs gives way",
            default: .integer(Int64(WorkloadSpecification.usualPriority))),
        .optional(
            "lease", Self.integer(KeepingWishes.leaseRange),
            "seconds after which a site that cannot reach the coordinator stops a replica, "
                + "so that it may be started elsewhere; without it a lost site's replicas are waited for",
            in: .seconds),
        .optional(
            "minimum", .integer(0...1_000),
            "replicas that must run while others are moved; all but one if left out"),
        .optional(
            "weight-latency", .number(0...1_000_000), "points for a millisecond to the users", default: 1.0),
        .optional(
            "weight-price", .number(0...1_000_000), "points for a unit of currency an hour", default: 0.0),
        .optional(
            "weight-carbon", .number(0...1_000_000), "points for a gram of CO2e an hour", default: 0.0),
        .optional("weight-load", .number(0...1_000_000), "points for a percent of load", default: 0.25),
        .optional(
            "weight-room", .number(0...1_000_000), "points for a percent of room taken", default: 0.25),
    ]

    /// What a part of an application may wish for, under the same names; its own name and the bounds to other parts
    /// are written in another way.
    static let partWishes: [Parameter] = Self.workloadShape.filter { !["name", "within"].contains($0.name) }

    private static let workloadWait = Parameter.optional(
        "wait", .choice(["accepted", "placed", "running"]), "how far to wait before answering",
        default: "placed")

    private static let workloadSections: [Section] = [
        .record([
            .init("Workload", "specification.name"), .init("Id", "id"), .init("Owner", "owner"),
            .init("State", "state"), .init("Reason", "reason"), .init("Created", "created", .time),
            .init("Priority", "specification.priority"), .init("Hosts", "specification.hosts"),
        ]),
        .table(
            path: "replicas",
            [
                .init("Replica", "index"), .init("Site", "site"), .init("State", "state"),
                .init("Machine", "machine"), .init("Epoch", "epoch"), .init("Change", "change"),
            ], none: ""),
        Self.responseTable,
        .table(
            path: "events",
            [
                .init("When", "at", .time), .init("Replica", "replica"), .init("What happened", "text"),
            ], none: ""),
    ]

    static let workloads: [Operation] = [
        Operation(
            "workload.plan", "Say where a workload would go, and why, without placing it",
            by: .coordinator, .reads, .init(.post, "/plans"), parameters: Self.workloadShape,
            layout: [.text(path: "text")]),
        Operation(
            "workload.place", "Place a workload: reserve at the best sites and start its machines",
            by: .coordinator, .changes, .init(.post, "/workloads"),
            parameters: Self.workloadShape + [Self.workloadWait],
            layout: Self.workloadSections, isLong: true),
        Operation(
            "workload.list", "List workloads", by: .coordinator, .reads, .init(.get, "/workloads"),
            layout: [
                .table(
                    path: "",
                    [
                        .init("Workload", "specification.name"), .init("State", "state"),
                        .init("Replicas", "specification.replicas"), .init("Owner", "owner"),
                        .init("Id", "id"), .init("Reason", "reason"),
                    ], none: "There are no workloads.")
            ]),
        Operation(
            "workload.show", "Show one workload and where its replicas are", by: .coordinator, .reads,
            .init(.get, "/workloads/{workload}"), parameters: [Self.workloadParameter],
            layout: Self.workloadSections),
        Operation(
            "workload.scale", "Change how many replicas a workload has", by: .coordinator, .destroys,
            .init(.put, "/workloads/{workload}/replicas"),
            parameters: [
                Self.workloadParameter,
                .required(
                    "replicas", .integer(1...1_000),
                    "how many machines; of fewer those that do not run or came last go, with their disks"),
                Self.workloadWait,
            ], layout: Self.workloadSections, isLong: true),
        Operation(
            "workload.move", "Move one replica of a workload to another site", by: .coordinator, .destroys,
            .init(.post, "/workloads/{workload}/moves"),
            parameters: [
                Self.workloadParameter,
                .required("replica", .integer(0...999), "which one, as workload show numbers them"),
                .optional("to", .jid, "the site wanted; the best one if left out"),
                Self.workloadWait,
            ], layout: Self.workloadSections, isLong: true),
        Operation(
            "workload.remove", "Delete a workload and all its machines", by: .coordinator, .destroys,
            .init(.delete, "/workloads/{workload}"), parameters: [Self.workloadParameter],
            isLong: true),
    ]
}
