import GRDB

/// The schema of what a site keeps about its machines.
enum MachineMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("machines-1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE siteMachine (
                        id TEXT NOT NULL PRIMARY KEY,
                        reservation TEXT NOT NULL UNIQUE,
                        holder TEXT NOT NULL,
                        site TEXT NOT NULL,
                        host TEXT NOT NULL,
                        specification TEXT NOT NULL CHECK (json_valid(specification)),
                        state TEXT NOT NULL CHECK (state IN ('creating', 'starting', 'running', 'suspended',
                            'stopping', 'stopped', 'failed', 'deleted')),
                        reason TEXT,
                        workload TEXT,
                        replicaIndex INTEGER,
                        epoch INTEGER,
                        created INTEGER NOT NULL,
                        changed INTEGER NOT NULL,
                        isDefined INTEGER NOT NULL CHECK (isDefined IN (0, 1)),
                        isStarted INTEGER NOT NULL CHECK (isStarted IN (0, 1)),
                        isDoomed INTEGER NOT NULL CHECK (isDoomed IN (0, 1)),
                        revision INTEGER NOT NULL CHECK (revision > 0),
                        reportedRevision INTEGER NOT NULL CHECK (reportedRevision BETWEEN 0 AND revision),
                        CHECK ((workload IS NULL) = (replicaIndex IS NULL)),
                        CHECK ((workload IS NULL) = (epoch IS NULL))
                    ) STRICT;
                    CREATE TABLE siteReservation (
                        id TEXT NOT NULL PRIMARY KEY,
                        holder TEXT NOT NULL,
                        host TEXT NOT NULL,
                        specification TEXT NOT NULL CHECK (json_valid(specification)),
                        workload TEXT,
                        replicaIndex INTEGER,
                        epoch INTEGER,
                        heldFor INTEGER NOT NULL CHECK (heldFor > 0),
                        expires INTEGER NOT NULL,
                        state TEXT NOT NULL CHECK (state IN ('held', 'committed', 'released', 'expired')),
                        machine TEXT,
                        CHECK ((state = 'committed') = (machine IS NOT NULL)),
                        CHECK ((workload IS NULL) = (replicaIndex IS NULL)),
                        CHECK ((workload IS NULL) = (epoch IS NULL))
                    ) STRICT;
                    CREATE TABLE siteState (
                        id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
                        generation INTEGER NOT NULL,
                        policy TEXT CHECK (policy IN ('open', 'draining', 'closed'))
                    ) STRICT;
                    INSERT INTO siteState (id, generation, policy) VALUES (1, 0, NULL);
                    """)
        }
        Self.registerLeases(in: &migrator)
    }

    /// Why machines are halted, and how long those with a lease may run.
    ///
    /// What was stopped, and not by its guest, was stopped on order, and its holder is told so. A policy of `draining`
    /// kept what there was; now it would have it moved away, which nobody has ordered.
    private static func registerLeases(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("machines-2") { database in
            try database.execute(
                sql: """
                    ALTER TABLE siteMachine ADD COLUMN halt TEXT CHECK (halt IN ('ordered', 'lease'));
                    CREATE TABLE siteLease (
                        machine TEXT NOT NULL PRIMARY KEY,
                        boot TEXT NOT NULL,
                        ends INTEGER NOT NULL
                    ) STRICT;
                    UPDATE siteMachine SET halt = 'ordered', revision = revision + 1
                        WHERE state IN ('stopped', 'stopping')
                            AND reason IS NOT 'the guest stopped by itself';
                    UPDATE siteState SET policy = 'closed' WHERE policy = 'draining';
                    """)
        }
    }
}
