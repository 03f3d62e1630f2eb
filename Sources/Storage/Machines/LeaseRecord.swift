import CloudModel
import GRDB

/// One row of `siteLease`.
struct LeaseRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "siteLease"

    let machine: String
    let boot: String
    let ends: Int64

    init(_ lease: SiteLease) {
        self.machine = lease.machine.description
        self.boot = lease.ends.boot
        self.ends = lease.ends.milliseconds
    }

    func lease() throws -> SiteLease {
        SiteLease(
            machine: try StoredIdentifier.read(self.machine),
            ends: Uptime(boot: self.boot, milliseconds: self.ends))
    }
}
