import GRDB

/// The schema of archived messages and of what accounts want archived.
///
/// `sequence` rises over all archives together, so that the table grows at its end however many archives there are, and
/// is never given twice. `archive` is the bare JID of whoever owns the archive: an account, or a room.
enum ArchiveMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("archive-1") { connection in
            try connection.execute(
                sql: """
                    CREATE TABLE archiveMessage (
                        sequence INTEGER NOT NULL PRIMARY KEY,
                        archive TEXT NOT NULL,
                        receivedAt INTEGER NOT NULL,
                        peer TEXT NOT NULL,
                        peerResource TEXT,
                        stanza TEXT NOT NULL
                    ) STRICT;
                    CREATE INDEX archiveMessageByArchive
                        ON archiveMessage (archive, sequence, receivedAt, peer, peerResource);
                    CREATE TABLE archivePreferences (
                        archive TEXT NOT NULL PRIMARY KEY,
                        standard TEXT NOT NULL CHECK (standard IN ('always', 'never', 'roster')),
                        always TEXT NOT NULL CHECK (json_valid(always)),
                        never TEXT NOT NULL CHECK (json_valid(never))
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
    }
}
