/// Why what is on disk cannot be a placement.
package enum PlacementStoreError: Error, Hashable, Sendable {
    /// The column holds no identifier.
    case badIdentifier(String)
    /// The workload has another number of replicas than its specification asks for.
    case incomplete(workload: String)
}
