package import CloudModel

extension FindingReport {
    /// The report as an answer: with its verdict, which programs look at first.
    package func result(at site: SiteID) throws(OperationError) -> OperationResult {
        do {
            var object = Value.Object()
            object["verdict"] = .string(self.verdict.rawValue)
            for member in try ValueEncoder().encode(self).object?.members ?? [] {
                object[member.name] = member.value
            }
            return OperationResult(site: site, value: .object(object))
        } catch {
            throw OperationError(.internalError, "the findings could not be written: \(error)", site: site)
        }
    }

    /// Reads the report of an answer; nil if it is none.
    package init?(_ value: Value) {
        do {
            self = try ValueDecoder().decode(FindingReport.self, from: value)
        } catch {
            return nil
        }
    }
}
