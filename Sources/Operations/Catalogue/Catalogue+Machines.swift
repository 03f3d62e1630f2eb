extension Catalogue {
    static let machineParameter = Parameter.required("machine", "name or id of the machine")

    /// What a machine is made of; a workload's replicas are described in the same words.
    static let machineShape: [Parameter] = [
        .required("image", "path on the site or http(s) URL of what it boots from", isPositional: false),
        .optional("format", .choice(["qcow2", "raw", "kernel"]), "what the image is", default: "qcow2"),
        .optional("sha256", "SHA-256 of the image in hexadecimal; required for a URL"),
        .optional("initramfs", "path or URL of the initial file system, for format=kernel"),
        .optional("initramfs-sha256", "SHA-256 of the initial file system"),
        .optional("command-line", "command line of the kernel, for format=kernel"),
        .optional("vcpus", .integer(1...1_024), "virtual processors", default: 1),
        .optional("memory", .size, "memory", default: 512),
        .optional("disk", .size, "disk", default: 1_024),
    ]

    static let machineRecord = Section.record([
        .init("Machine", "specification.name"), .init("Id", "id"), .init("Site", "site"),
        .init("State", "state"), .init("Reason", "reason"),
        .init("vCPU", "specification.resources.vcpus"),
        .init("Memory", "specification.resources.memory", .size),
        .init("Disk", "specification.resources.disk", .size),
        .init("Image", "specification.image.location"), .init("Workload", "replica.workload"),
        .init("Replica", "replica.index"), .init("Created", "created", .time),
        .init("Changed", "changed", .time),
    ])

    static let machines: [Operation] = [
        Operation(
            "machine.list", "List the machines of a site", by: .agent, .reads, .init(.get, "/machines"),
            parameters: [
                .optional(
                    "state",
                    .choice([
                        "creating", "starting", "running", "suspended", "stopping", "stopped", "failed",
                    ]),
                    "only machines in this state")
            ],
            layout: [
                .table(
                    path: "",
                    [
                        .init("Machine", "specification.name"), .init("State", "state"),
                        .init("vCPU", "specification.resources.vcpus"),
                        .init("Memory", "specification.resources.memory", .size),
                        .init("Site", "site"), .init("Workload", "replica.workload"),
                        .init("Reason", "reason"),
                    ], none: "There are no machines.")
            ]),
        Operation(
            "machine.show", "Show one machine", by: .agent, .reads, .init(.get, "/machines/{machine}"),
            parameters: [Self.machineParameter], layout: [Self.machineRecord]),
        Operation(
            "machine.create", "Create a machine and start it", by: .agent, .changes,
            .init(.post, "/machines"),
            parameters: [
                .required("name", "1–63 characters of a–z, 0–9 and inner -; unique at its site")
            ] + Self.machineShape + [
                .optional("start", .boolean, "whether to start it at once", default: true),
                .optional("labels", .list, "labels as name:value"),
            ],
            layout: [Self.machineRecord], isLong: true),
        Self.machineVerb("start", "Start a machine that is stopped", .changes, isLong: true),
        Self.machineVerb("shutdown", "Ask a machine's guest to shut down", .changes),
        Self.machineVerb("reboot", "Ask a machine's guest to reboot", .changes),
        Self.machineVerb("force-off", "Cut a machine's power; what it has not written is lost", .destroys),
        Self.machineVerb("suspend", "Freeze a machine in memory", .changes),
        Self.machineVerb("resume", "Let a suspended machine go on", .changes),
        Operation(
            "machine.delete", "Delete a machine and its disk", by: .agent, .destroys,
            .init(.delete, "/machines/{machine}"), parameters: [Self.machineParameter]),
        Operation(
            "machine.console", "Show the last lines of a machine's serial console", by: .agent, .reads,
            .init(.get, "/machines/{machine}/console"),
            parameters: [
                Self.machineParameter,
                .optional("lines", .integer(1...1_000), "how many lines", default: 20),
            ],
            layout: [.text(path: "text", newest: .tail)]),
    ]

    private static func machineVerb(
        _ verb: String, _ summary: String, _ effect: Operation.Effect, isLong: Bool = false
    ) -> Operation {
        Operation(
            "machine.\(verb)", summary, by: .agent, effect, .init(.post, "/machines/{machine}/\(verb)"),
            parameters: [Self.machineParameter], isLong: isLong)
    }

    static let reservations: [Operation] = [
        Operation(
            "reservation.list", "List the holds on a site's capacity", by: .agent, .reads,
            .init(.get, "/reservations"),
            layout: [
                .table(
                    path: "",
                    [
                        .init("Reservation", "id"), .init("Holder", "holder"), .init("State", "state"),
                        .init("Machine", "specification.name"), .init("Expires", "expires", .time),
                    ], none: "Nothing is reserved.")
            ]),
        Operation(
            "reservation.release", "Give up a hold on capacity", by: .agent, .destroys,
            .init(.delete, "/reservations/{reservation}"),
            parameters: [.required("reservation", "id of the reservation")]),
    ]

    static let hosts: [Operation] = [
        Operation(
            "host.list", "List the hypervisors of a site", by: .agent, .reads, .init(.get, "/hosts"),
            layout: [
                .table(
                    path: "",
                    [
                        .init("Host", "name"), .init("Hypervisor", "hypervisor"),
                        .init("vCPU", "total.vcpus"), .init("Memory", "total.memory", .size),
                        .init("Free", "freeMemory", .size), .init("Disk", "total.disk", .size),
                        .init("Load", "load", .share),
                    ], none: "There are no hosts.")
            ])
    ]
}
