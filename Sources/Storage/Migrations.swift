import GRDB

/// The schema's history, area by area.
///
/// A migration is never changed once it has shipped, and names tables by string literals, never by record types.
enum Migrations {
    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        AccountMigrations.register(in: &migrator)
        GrantMigrations.register(in: &migrator)
        FederationMigrations.register(in: &migrator)
        MachineMigrations.register(in: &migrator)
        PlacementMigrations.register(in: &migrator)
        ApplicationMigrations.register(in: &migrator)
        RoomMigrations.register(in: &migrator)
        AttachmentMigrations.register(in: &migrator)
        ArchiveMigrations.register(in: &migrator)
        PubSubMigrations.register(in: &migrator)
        VisitMigrations.register(in: &migrator)
        return migrator
    }
}
