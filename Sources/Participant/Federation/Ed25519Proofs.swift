import CloudModel
package import Cryptography
import Federation
package import Gossip
import XML
import XMPP

/// Signs our rows with the site's key, and judges those of others.
package struct Ed25519Proofs: RowProofs {
    private let signingKey: SigningKey

    package init(signingKey: SigningKey) {
        self.signingKey = signingKey
    }

    package func sign(_ bytes: [UInt8]) -> [UInt8] {
        self.signingKey.signature(for: bytes)
    }

    package func isSigned(_ row: Row, by key: SiteKey) -> Bool {
        do {
            return try VerificationKey(rawRepresentation: key.bytes).isValid(
                row.signature, for: row.signedBytes)
        } catch {
            // Not a point of the curve: nothing can be signed by it.
            return false
        }
    }

    package func problem(in row: Row) -> String? {
        guard row.schema == SiteDescription.schema else { return nil }
        switch Self.description(in: row) {
        case .success: return nil
        case .failure(let problem): return problem.problem
        }
    }

    /// What the row's origin says about itself.
    static func description(in row: Row) -> Result<SiteDescription, PayloadError> {
        let element: Element
        do throws(ParseError) {
            element = try Element(parsing: row.payload)
        } catch {
            return .failure(PayloadError("the payload is no XML: \(error)"))
        }
        do throws(PayloadError) {
            let description = try SiteDescription(parsing: element)
            guard description.site == row.origin else {
                return .failure(PayloadError("it describes \(description.site)"))
            }
            return .success(description)
        } catch {
            return .failure(error)
        }
    }
}
