extension Catalogue {
    /// The name of the parameter that says where a feed goes on; over HTTP the header `Last-Event-ID` is the same.
    package static let resumption = "after"

    /// The largest whole number that every reader of JSON keeps exactly (RFC 8259 §6).
    private static let largestExact: Int64 = 9_007_199_254_740_991

    private static func after(_ usual: String) -> Parameter {
        .optional(
            Self.resumption, .integer(0...Self.largestExact),
            "only what happened after this position, as an earlier answer named it; without it, \(usual)")
    }

    private static let newsWait = Parameter.optional(
        "for", .duration,
        "how long to wait where nothing has happened yet and events are not told as they come; 30s if left out"
    )

    private static let newsSections: [Section] = [
        .table(
            path: "events",
            [
                .init("When", "event.at", .time), .init("Workload", "name"),
                .init("What happened", "event.text"), .init("Position", "event.position"),
            ], none: "Nothing has happened."),
        .record([.init("Position", "position")]),
    ]

    static let watching: [Operation] = [
        Operation(
            "workload.watch", "Tell what happens to one workload", by: .coordinator, .reads,
            .init(.get, "/workloads/{workload}/events"),
            parameters: [
                .required("workload", "name or id of the workload"), Self.after("all that is kept"),
                Self.newsWait,
            ], layout: Self.newsSections, isLong: true, isFeed: true),
        Operation(
            "workload.events", "Tell what happens to all workloads", by: .coordinator, .reads,
            .init(.get, "/workloads/events"),
            parameters: [Self.after("what happens from now on"), Self.newsWait],
            layout: Self.newsSections, isLong: true, isFeed: true),
    ]
}
