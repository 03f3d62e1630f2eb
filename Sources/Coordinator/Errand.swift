import CloudModel
import Placement

/// One request to a site on behalf of one replica, and when to send it.
struct Errand: Sendable {
    let request: SiteRequest
    let hold: Hold
    let workload: WorkloadID
    let replica: Int
    let turn: Int
    var delay: Duration = .zero
}
