/// An application as its coordinator keeps it.
package struct Application: Hashable, Codable, Sendable {
    package enum State: String, Hashable, Codable, Sendable, CaseIterable {
        /// Something of it is still to be placed, started, moved or taken away.
        case applying
        /// Every part runs.
        case running
        /// Some part cannot be placed or does not run, and nothing more is tried; the reason says why.
        case failed
        /// What did not run when it was cancelled was given up.
        case cancelled
        case removing
        case removed
    }

    /// How one part stands.
    package struct Part: Hashable, Codable, Sendable {
        package enum State: String, Hashable, Codable, Sendable, CaseIterable {
            /// For a site, or for other parts.
            case waiting
            case placing
            /// Placed, and not all of the replicas that it is to have run.
            case starting
            case running
            /// What there is serves until another workload runs in its place.
            case replacing
            /// Given up before it ran.
            case cancelled
            /// Nothing more is tried.
            case failed
            /// It goes, or has to stay until what came after it is gone.
            case removing
            case removed
        }

        package let name: String
        package let state: State
        /// The state in a few words, with what it comes from: `running`, `waits for db`.
        package let text: String
        /// The workload that is this part; nil while there is none.
        package let workload: WorkloadID?
        package let replicas: Int
        package let running: Int
        /// Where its replicas are, each site once.
        package let sites: [SiteID]

        package init(
            name: String, state: State, text: String, workload: WorkloadID?, replicas: Int, running: Int,
            sites: [SiteID]
        ) {
            self.name = name
            self.state = state
            self.text = text
            self.workload = workload
            self.replicas = replicas
            self.running = running
            self.sites = sites
        }
    }

    /// What happened to a part.
    package struct Event: Hashable, Codable, Sendable {
        package let at: Instant
        package let part: String
        package let replica: Int?
        package let text: String

        package init(at: Instant, part: String, replica: Int?, text: String) {
            self.at = at
            self.part = part
            self.replica = replica
            self.text = text
        }
    }

    package let id: ApplicationID
    package let name: String
    package let owner: String
    package let state: State
    package let reason: String?
    package let parts: [Part]
    package let created: Instant
    /// What happened to its parts and why, oldest first; nil where it is not told, as in lists.
    package var events: [Event]?

    package init(
        id: ApplicationID, name: String, owner: String, state: State, reason: String?, parts: [Part],
        created: Instant, events: [Event]? = nil
    ) {
        self.id = id
        self.name = name
        self.owner = owner
        self.state = state
        self.reason = reason
        self.parts = parts
        self.created = created
        self.events = events
    }
}

package typealias ApplicationID = Identifier<Application>
