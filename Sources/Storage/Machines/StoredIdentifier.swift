import CloudModel
import GRDB

/// Reads identifiers that the schema keeps as text; one that is not a UUID means that the file is damaged.
enum StoredIdentifier {
    static func read<Subject>(_ text: String) throws -> Identifier<Subject> {
        guard let identifier = Identifier<Subject>(text) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(text) is not a UUID")
        }
        return identifier
    }

    static func replica(_ workload: String?, _ index: Int?, _ epoch: Int?) throws -> ReplicaReference? {
        guard let workload, let index, let epoch else { return nil }
        return ReplicaReference(workload: try Self.read(workload), index: index, epoch: epoch)
    }
}
