import CloudModel
import Operations
import Placement

extension ResponseReport {
    /// What the parameters of `workload.report` say.
    init(_ invocation: Invocation) throws(OperationError) {
        let text = try invocation.text("place")
        guard let place = Audience.place(text[...]) else {
            throw OperationError(
                .badRequest, "\(text.quoted) is no place",
                next: "give a country (JP), a site (tokyo.example) or LATITUDE/LONGITUDE (35.68/139.69)")
        }
        var prepared = place
        if case .site(let site) = place { prepared = .site(try site.prepared()) }
        var samples: [Sample] = []
        for entry in invocation.list("milliseconds") { samples.append(try Self.sample(entry)) }
        do throws(SpecificationError) {
            try self.init(place: prepared, samples: samples)
        } catch {
            throw OperationError(.badRequest, "\(error)", next: "report what was measured")
        }
    }

    /// Reads `120` and `50:900`.
    private static func sample(_ entry: String) throws(OperationError) -> Sample {
        let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let milliseconds = Double(parts[0]),
            let count = parts.count == 2 ? Int(parts[1]) : 1
        else {
            throw OperationError(
                .badRequest, "\(entry.quoted) is no response time",
                next: "write milliseconds, and :COUNT if they stand for several: 120 or 50:900")
        }
        return Sample(milliseconds: milliseconds, count: count)
    }
}
