extension Catalogue {
    /// What is really used, and moving work away from where it is too much.
    static let load: [Operation] = [
        Operation(
            "site.load", "Show what a site's hosts do now and did lately", by: .any, .reads,
            .init(.get, "/load"),
            parameters: [
                .optional(
                    "site", .jid,
                    "address of the site; this one if left out, and of others only what they tell everybody",
                    isPositional: true)
            ],
            layout: [
                .table(
                    path: "lines",
                    [
                        .init("Figure", "title"), .init("Now", "nowText"), .init("Peak", "peakText"),
                        .init("Last ten minutes", "recent.values", .sparkline),
                        .init("Last day", "day.values", .sparkline),
                    ], none: "Nothing has been measured yet.")
            ]),
        Operation(
            "workload.rebalance", "Propose moves to better sites, or carry them out", by: .coordinator,
            .changes, .init(.post, "/rebalancing"),
            parameters: [
                .optional("workload", "only this workload"),
                .optional("moves", .integer(1...20), "at most so many", default: 5),
                .optional(
                    "minimum-gain", .number(0...1_000_000),
                    "what each must gain, in points of the workload and beyond what moving costs"),
                .optional("accept", .list, "moves to carry out, as they are named: web-0:tokyo.example"),
                .optional("apply", .boolean, "carry out all that are proposed", default: false),
                .optional(
                    "destroy", .boolean,
                    "agree that machines that are moved away from are deleted with their disks",
                    default: false),
            ],
            layout: [
                .table(
                    path: "lines",
                    [
                        .init("Move", "proposal.name"), .init("From", "proposal.from"),
                        .init("Gain", "proposal.gain.points", .decimal),
                        .init("That is", "proposal.reason"), .init("State", "outcome"),
                        .init("Because", "reason"),
                    ], none: "")
            ]),
    ]
}
