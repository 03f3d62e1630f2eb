import CloudModel

/// Following the users: what is wished, and what is reported.
extension Catalogue {
    /// What is wished where nothing is said.
    private static let usual = FollowingWishes(target: FollowingWishes.targets.upperBound, maximum: 1)

    static let followingWishes: [Parameter] = [
        .optional(
            "follow-target", .number(FollowingWishes.targets),
            "response time in milliseconds that users are to get: replicas are added, moved and removed for it",
            in: .milliseconds),
        .optional(
            "follow-percentile", Self.integer(FollowingWishes.percentiles),
            "how many percent of the responses are to take no longer; \(Self.usual.percentile) if left out"),
        .optional(
            "follow-minimum", .integer(1...1_000),
            "fewest replicas while users are followed; \(Self.usual.minimum) if left out"),
        .optional("follow-maximum", .integer(1...1_000), "most replicas while users are followed"),
        .optional(
            "follow-changes", Self.integer(FollowingWishes.changesRange),
            "most changes an hour; \(Self.usual.changesPerHour) if left out"),
        .optional(
            "follow-cost", .number(0...1_000_000_000),
            "most that all replicas may cost an hour, in the coordinator's currency"),
        .optional(
            "follow-pause", .duration,
            "how long to wait after a change before the next; \(Self.usual.pauseSeconds / 60)m if left out"),
        .optional("peak", "peak hours in UTC, such as 08:00-20:00: replicas are removed outside only"),
        .optional(
            "off-peak-target", .number(FollowingWishes.targets),
            "response time in milliseconds that will do outside the peak", in: .milliseconds),
        .optional("off-peak-minimum", .integer(1...1_000), "fewest replicas outside the peak"),
    ]

    static let responses: [Operation] = [
        Operation(
            "workload.report", "Report how fast users at one place are answered", by: .coordinator, .changes,
            .init(.post, "/workloads/{workload}/responses"),
            parameters: [
                .required("workload", "name or id of the workload"),
                .required("place", "where the users are: a country, a site or LATITUDE/LONGITUDE"),
                .required(
                    "milliseconds", .list,
                    "response times, each with :COUNT if it stands for several, as a bucket does with its "
                        + "upper bound: 120,95.5 or 50:900,100:80"),
            ], layout: [Self.responseTable])
    ]

    /// How users at each place fare.
    static let responseTable = Section.table(
        path: "responses",
        [
            .init("Users at", "place"), .init("Responses", "responses"), .init("Percentile", "percentile"),
            .init("Milliseconds", "milliseconds", .decimal), .init("Wanted", "target", .decimal),
            .init("Verdict", "verdict"),
        ], none: "")
}
