import GRDB

/// The schema of what a coordinator keeps about applications.
enum ApplicationMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("applications-1") { connection in
            try connection.execute(
                sql: """
                    CREATE TABLE application (
                        id TEXT NOT NULL PRIMARY KEY,
                        name TEXT NOT NULL UNIQUE,
                        owner TEXT NOT NULL,
                        saga TEXT NOT NULL CHECK (json_valid(saga)),
                        created INTEGER NOT NULL,
                        revision INTEGER NOT NULL
                    ) STRICT;
                    """)
        }
    }
}
