extension Catalogue {
    private static let siteParameter = Parameter.required("site", .jid, "address of the site")

    static let sites: [Operation] = [
        Operation(
            "site.list", "List the sites of the alliance and what they have free", by: .any, .reads,
            .init(.get, "/sites"),
            layout: [
                .table(
                    path: "",
                    [
                        .init("Site", "site"), .init("Name", "name"), .init("Standing", "standing"),
                        .init("State", "reachability"), .init("Policy", "policy"),
                        .init("Machines", "capacity.machines"),
                        .init("Free vCPU", "capacity.free.vcpus"),
                        .init("Free memory", "capacity.free.memory", .size),
                        .init("Load", "capacity.load", .share),
                        .init("Too busy with", "capacity.heat.figure"),
                        .init("Round trip (ms)", "roundTrip", .decimal),
                        .init("Last heard", "lastHeard", .time),
                    ], none: "No other site is known.")
            ]),
        Operation(
            "site.show", "Show what is known about one site", by: .any, .reads,
            .init(.get, "/sites/{site}"), parameters: [Self.siteParameter], layout: [.automatic]),
        Operation(
            "site.invite", "Invite a site into the alliance, saying what it may do here", by: .any,
            .changes, .init(.post, "/sites/{site}/invitation"),
            parameters: [
                Self.siteParameter,
                .optional(
                    "permissions", .list,
                    "what its owner and coordinators may do here: names of operations, "
                        + "nouns, or reservation"),
                .optional("note", "a line for the other owner"),
            ]),
        Operation(
            "site.accept", "Accept a site's invitation, saying what it may do here", by: .any, .changes,
            .init(.post, "/sites/{site}/acceptance"),
            parameters: [
                Self.siteParameter,
                .optional(
                    "permissions", .list,
                    "what its owner and coordinators may do here: names of operations, "
                        + "nouns, or reservation"),
            ]),
        Operation(
            "site.leave", "End the alliance with a site; machines there go on running", by: .any,
            .destroys, .init(.delete, "/sites/{site}"), parameters: [Self.siteParameter]),
        Operation(
            "site.gone",
            "Say that nothing runs at a site any more or ever will: replicas are placed anew, removals end",
            by: .coordinator, .destroys, .init(.post, "/sites/{site}/gone"),
            parameters: [Self.siteParameter],
            layout: [
                .table(
                    path: "lines",
                    [
                        .init("Workload", "workload"), .init("Owner", "owner"),
                        .init("Replica", "replica"), .init("What becomes of it", "outcome"),
                    ], none: "")
            ], isLong: true),
        Operation(
            "site.check", "Look for faults: of this site, or on the way to another one and at its end",
            by: .any,
            .reads, .init(.get, "/check"),
            parameters: [
                .optional(
                    "peer", .jid, "address of the other site; this site itself if left out",
                    isPositional: true)
            ], layout: [.findings], isLong: true, concernsSite: true),
        Operation(
            "site.drain", "Empty this site: its replicas are placed elsewhere; again to see what is left",
            by: .agent, .destroys, .init(.post, "/drain")),
        Operation(
            "site.undrain", "Stop emptying this site, and take new work again", by: .agent, .changes,
            .init(.post, "/undrain")),
        Operation(
            "site.close", "Take no new work at this site; what runs goes on", by: .agent, .changes,
            .init(.post, "/close")),
        Operation(
            "site.open", "Take new work at this site again", by: .agent, .changes, .init(.post, "/open")),
    ]

    static let grants: [Operation] = [
        Operation(
            "grant.list", "List who may do what here", by: .any, .reads, .init(.get, "/grants"),
            layout: [
                .table(
                    path: "",
                    [
                        .init("Subject", "subject"), .init("May", "permissions"), .init("On", "scope"),
                    ], none: "There are no grants.")
            ]),
        Operation(
            "grant.add", "Allow somebody to do something here", by: .any, .changes, .init(.post, "/grants"),
            parameters: [
                Self.subjectParameter, Self.permissionsParameter,
                .optional(
                    "scope", .choice(["site", "own"]), "everything here, or only what they made themselves",
                    default: "site"),
            ]),
        Operation(
            "grant.remove", "Take a grant back", by: .any, .destroys, .init(.delete, "/grants"),
            parameters: [Self.subjectParameter, Self.permissionsParameter]),
    ]

    private static let subjectParameter = Parameter.required(
        "subject", "an address, domain:DOMAIN or role:ROLE")

    private static let permissionsParameter = Parameter.required(
        "permissions", "an operation (machine.start), a noun (machine), or all")

    static let process: [Operation] = [
        Operation(
            "status", "Say how this process is", by: .any, .reads, .init(.get, "/status"),
            layout: [.automatic]),
        Operation(
            "version", "Say which version this is", by: .any, .reads, .init(.get, "/version"),
            layout: [.automatic]),
    ]
}
