extension Catalogue {
    private static let applicationParameter = Parameter.required(
        "application", "name or id of the application")

    private static let document = Parameter.required(
        "document", .document, "the application: its name, and its parts with what each wants")

    private static func applicationWait(_ usual: Value) -> Parameter {
        .optional(
            "wait", .choice(["accepted", "placed", "running"]), "how far to wait before answering",
            default: usual)
    }

    private static let applicationSections: [Section] = [
        .record([
            .init("Application", "name"), .init("Id", "id"), .init("Owner", "owner"), .init("State", "state"),
            .init("Reason", "reason"), .init("Created", "created", .time),
        ]),
        .table(
            path: "parts",
            [
                .init("Part", "name"), .init("State", "text"), .init("Replicas", "replicas"),
                .init("Running", "running"), .init("Sites", "sites"), .init("Workload", "workload"),
            ], none: "It has no parts any more."),
        .table(
            path: "events",
            [
                .init("When", "at", .time), .init("Part", "part"), .init("Replica", "replica"),
                .init("What happened", "text"),
            ], none: ""),
    ]

    static let applications: [Operation] = [
        Operation(
            "application.plan", "Say what applying a document would change, and where it would go",
            by: .coordinator, .reads, .init(.post, "/application-plans"), parameters: [Self.document],
            layout: [.text(path: "text")]),
        Operation(
            "application.apply",
            "Make an application what a document says: place, scale, replace and remove parts",
            by: .coordinator, .changes, .init(.post, "/applications"),
            parameters: [
                Self.document, Self.applicationWait("running"),
                .optional(
                    "destroy", .boolean,
                    "agree that machines are deleted with their disks where parts are replaced, removed or "
                        + "scaled down", default: false),
            ],
            layout: Self.applicationSections, isLong: true),
        Operation(
            "application.list", "List applications", by: .coordinator, .reads, .init(.get, "/applications"),
            layout: [
                .table(
                    path: "",
                    [
                        .init("Application", "name"), .init("State", "state"), .init("Owner", "owner"),
                        .init("Id", "id"), .init("Reason", "reason"),
                    ], none: "There are no applications.")
            ]),
        Operation(
            "application.show", "Show one application, where its parts are and what happened to them",
            by: .coordinator, .reads, .init(.get, "/applications/{application}"),
            parameters: [
                Self.applicationParameter, Self.applicationWait("accepted"),
                .optional("part", "wait no longer than for this part to run, whatever the others do"),
            ],
            layout: Self.applicationSections, isLong: true),
        Operation(
            "application.cancel", "Give up what of an application has not run yet, and keep the rest",
            by: .coordinator, .changes, .init(.post, "/applications/{application}/cancel"),
            parameters: [Self.applicationParameter], layout: Self.applicationSections),
        Operation(
            "application.remove", "Delete an application with all its parts, those first that need others",
            by: .coordinator, .destroys, .init(.delete, "/applications/{application}"),
            parameters: [Self.applicationParameter], isLong: true),
    ]
}
