import CloudModel
import Placement

/// One request to a site on behalf of one replica.
///
/// A value of its own because it is carried through `async` calls: Swift 6.3 on x86-64 corrupts the stack when a
/// 128-bit integer, such as an identifier, is among the arguments of an `async` function that do not fit in registers.
struct Errand: Sendable {
    let request: SiteRequest
    let hold: Hold
    let workload: WorkloadID
    let replica: Int
    let turn: Int
    var delay: Duration = .zero
}
