import GRDB

/// The schema of publish-subscribe: the nodes of accounts and of the domain's feeds, and what is published there.
///
/// `owner` is the bare JID the nodes belong to.
enum PubSubMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("pubsub-1") { connection in
            try connection.execute(
                sql: """
                    CREATE TABLE pubSubNode (
                        owner TEXT NOT NULL,
                        node TEXT NOT NULL,
                        configuration TEXT NOT NULL CHECK (json_valid(configuration)),
                        PRIMARY KEY (owner, node)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE pubSubAffiliation (
                        owner TEXT NOT NULL,
                        node TEXT NOT NULL,
                        address TEXT NOT NULL,
                        affiliation TEXT NOT NULL,
                        PRIMARY KEY (owner, node, address),
                        FOREIGN KEY (owner, node) REFERENCES pubSubNode (owner, node) ON DELETE CASCADE
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE pubSubSubscription (
                        owner TEXT NOT NULL,
                        node TEXT NOT NULL,
                        address TEXT NOT NULL,
                        isDelivering INTEGER NOT NULL CHECK (isDelivering IN (0, 1)),
                        PRIMARY KEY (owner, node, address),
                        FOREIGN KEY (owner, node) REFERENCES pubSubNode (owner, node) ON DELETE CASCADE
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE pubSubItem (
                        position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
                        owner TEXT NOT NULL,
                        node TEXT NOT NULL,
                        id TEXT NOT NULL,
                        publisher TEXT NOT NULL,
                        publishedAt INTEGER NOT NULL,
                        payload TEXT,
                        UNIQUE (owner, node, id),
                        FOREIGN KEY (owner, node) REFERENCES pubSubNode (owner, node) ON DELETE CASCADE
                    ) STRICT;
                    """)
        }
        // Whose a node is, as far as room is counted: null for those of the owner itself. What was made before is
        // counted as its first owner's.
        migrator.registerMigration("pubsub-2") { connection in
            try connection.execute(
                sql: """
                    ALTER TABLE pubSubNode ADD COLUMN creator TEXT;
                    UPDATE pubSubNode SET creator = (
                        SELECT MIN(address) FROM pubSubAffiliation
                        WHERE pubSubAffiliation.owner = pubSubNode.owner
                            AND pubSubAffiliation.node = pubSubNode.node AND affiliation = 'owner');
                    """)
        }
    }
}
