import Foundation
import GRDB

/// The queries about publish-subscribe nodes.
///
/// Each call is one transaction, durable when it returns.
package struct PubSubStore: Sendable {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// All nodes, by owner and name.
    package func nodes() async throws -> [StoredPubSubNode] {
        try await self.database.writer.read { connection in
            try Row.fetchAll(
                connection,
                sql: "SELECT owner, node, creator, configuration FROM pubSubNode ORDER BY owner, node"
            ).map { row in
                var node = StoredPubSubNode(
                    owner: row["owner"], name: row["node"], creator: row["creator"],
                    configuration: try JSONDecoder().decode(
                        [String: [String]].self, from: Data((row["configuration"] as String).utf8)))
                try Self.complete(&node, in: connection)
                return node
            }
        }
    }

    /// Makes the changes, in order, all or none.
    package func apply(_ changes: [PubSubChange], for owner: String) async throws {
        try await self.database.writer.write { connection in
            for change in changes { try Self.apply(change, for: owner, in: connection) }
        }
    }

    private static func complete(_ node: inout StoredPubSubNode, in connection: GRDB.Database) throws {
        let key: StatementArguments = [node.owner, node.name]
        let affiliations = try Row.fetchAll(
            connection,
            sql: "SELECT address, affiliation FROM pubSubAffiliation WHERE owner = ? AND node = ?",
            arguments: key)
        for row in affiliations { node.affiliations[row["address"]] = row["affiliation"] }
        let subscriptions = try Row.fetchAll(
            connection,
            sql: "SELECT address, isDelivering FROM pubSubSubscription WHERE owner = ? AND node = ?",
            arguments: key)
        for row in subscriptions { node.subscriptions[row["address"]] = row["isDelivering"] }
        node.items = try Row.fetchAll(
            connection,
            sql: """
                SELECT id, publisher, publishedAt, payload FROM pubSubItem
                WHERE owner = ? AND node = ? ORDER BY position
                """,
            arguments: key
        ).map { row in
            StoredPubSubNode.Item(
                id: row["id"], publisher: row["publisher"], publishedAt: row["publishedAt"],
                payload: row["payload"])
        }
    }

    private static func apply(
        _ change: PubSubChange, for owner: String, in connection: GRDB.Database
    ) throws {
        func run(_ sql: String, _ arguments: StatementArguments) throws {
            try connection.execute(sql: sql, arguments: [owner] + arguments)
        }
        switch change {
        case .configure(let node, let configuration):
            let text = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
            try run(
                """
                INSERT INTO pubSubNode (owner, node, configuration) VALUES (?, ?, ?)
                ON CONFLICT (owner, node) DO UPDATE SET configuration = excluded.configuration
                """, [node, text])
        case .credit(let node, let creator):
            try run(
                "UPDATE pubSubNode SET creator = ?3 WHERE owner = ?1 AND node = ?2", [node, creator])
        case .delete(let node): try run("DELETE FROM pubSubNode WHERE owner = ? AND node = ?", [node])
        case .affiliate(let node, let address, .some(let affiliation)):
            try run(
                """
                INSERT OR REPLACE INTO pubSubAffiliation (owner, node, address, affiliation)
                VALUES (?, ?, ?, ?)
                """, [node, address, affiliation])
        case .affiliate(let node, let address, .none):
            try run(
                "DELETE FROM pubSubAffiliation WHERE owner = ? AND node = ? AND address = ?",
                [node, address])
        case .subscribe(let node, let address, .some(let isDelivering)):
            try run(
                """
                INSERT OR REPLACE INTO pubSubSubscription (owner, node, address, isDelivering)
                VALUES (?, ?, ?, ?)
                """, [node, address, isDelivering])
        case .subscribe(let node, let address, .none):
            try run(
                "DELETE FROM pubSubSubscription WHERE owner = ? AND node = ? AND address = ?",
                [node, address])
        case .publish(let node, let item):
            try run(
                "DELETE FROM pubSubItem WHERE owner = ? AND node = ? AND id = ?", [node, item.id])
            try run(
                """
                INSERT INTO pubSubItem (owner, node, id, publisher, publishedAt, payload)
                VALUES (?, ?, ?, ?, ?, ?)
                """, [node, item.id, item.publisher, item.publishedAt, item.payload])
        case .retract(let node, let id):
            try run("DELETE FROM pubSubItem WHERE owner = ? AND node = ? AND id = ?", [node, id])
        case .purge(let node): try run("DELETE FROM pubSubItem WHERE owner = ? AND node = ?", [node])
        }
    }
}
