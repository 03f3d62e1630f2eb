import GRDB

/// The schema of what a coordinator keeps about workloads.
enum PlacementMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("placements-1") { connection in
            try connection.execute(
                sql: """
                    CREATE TABLE workload (
                        id TEXT NOT NULL PRIMARY KEY,
                        owner TEXT NOT NULL,
                        idempotencyKey TEXT,
                        specification TEXT NOT NULL CHECK (json_valid(specification)),
                        state TEXT NOT NULL
                            CHECK (state IN ('placing', 'placed', 'failed', 'removing', 'removed')),
                        reason TEXT,
                        isRemoving INTEGER NOT NULL CHECK (isRemoving IN (0, 1)),
                        created INTEGER NOT NULL,
                        changed INTEGER NOT NULL,
                        revision INTEGER NOT NULL,
                        UNIQUE (owner, idempotencyKey)
                    ) STRICT;
                    CREATE INDEX workloadByState ON workload (state, changed);
                    CREATE TABLE workloadReplica (
                        workload TEXT NOT NULL REFERENCES workload (id) ON DELETE CASCADE,
                        replica INTEGER NOT NULL CHECK (replica >= 0),
                        placement TEXT NOT NULL CHECK (json_valid(placement)),
                        revision INTEGER NOT NULL,
                        PRIMARY KEY (workload, replica)
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("placements-2") { connection in
            try connection.execute(
                sql: """
                    CREATE TABLE workloadEvent (
                        workload TEXT NOT NULL REFERENCES workload (id) ON DELETE CASCADE,
                        number INTEGER NOT NULL CHECK (number > 0),
                        event TEXT NOT NULL CHECK (json_valid(event)),
                        PRIMARY KEY (workload, number)
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
    }
}
