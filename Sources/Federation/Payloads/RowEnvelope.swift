import CloudModel
package import Gossip
package import XML
package import XMPP

/// A signed row on its way: `<row/>`.
///
/// Pushed as a message of type `headline`, which no server keeps for later, and the answer to a `RowRequest`. The
/// payload travels as Base64 of the origin's bytes and is never encoded anew by a relay.
package struct RowEnvelope: Payload {
    package static let elementName = "row"
    package static let namespace = Namespace.federation

    package let row: Row

    package init(row: Row) {
        self.row = row
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        let version = RowVersion(
            incarnation: try reader.integer("incarnation", in: 0...UInt64(Int64.max)),
            sequence: try reader.integer("sequence", in: 0...UInt64(Int64.max)))
        let lifetime = try reader.integer("lifetime-ms", in: 1...WireLimits.lifetimeMilliseconds)
        self.row = Row(
            origin: try reader.site("origin"), version: version, lifetime: .milliseconds(lifetime),
            schema: try reader.text("schema"),
            payload: try reader.bytes(in: "payload", atMost: WireLimits.rowPayload),
            key: try reader.key(), signature: try reader.bytes(in: "signature", atMost: WireLimits.signature))
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace,
            [
                "origin": self.row.origin.address,
                "incarnation": String(self.row.version.incarnation),
                "sequence": String(self.row.version.sequence),
                "lifetime-ms": String(self.row.lifetime.wholeMilliseconds), "schema": self.row.schema,
            ],
            [
                .base64("payload", self.row.payload), .base64("key", self.row.key.bytes),
                .base64("signature", self.row.signature),
            ])
    }
}
