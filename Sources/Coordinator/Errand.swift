import CloudModel
import Placement

/// One request to a site on behalf of one replica, and when to send it.
struct Errand: Sendable {
    /// The turn of a request that no phase of the replica waits for.
    static let noTurn = -1

    let request: SiteRequest
    let hold: Hold
    let workload: WorkloadID
    let replica: Int
    let turn: Int
    var delay: Duration = .zero
}
