/// Why what is on disk cannot be a placement.
package enum PlacementStoreError: Error, Hashable, Sendable {
    /// The column holds no identifier.
    case badIdentifier(String)
    /// Some of the workload's replicas are missing.
    case incomplete(workload: String)
}
