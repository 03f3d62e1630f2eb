package import CloudModel

extension MachineSpecification {
    /// The machine that the parameters of `machine.create` describe.
    package init(_ invocation: Invocation) throws(OperationError) {
        self.init(
            name: try invocation.text("name"), resources: try Resources(invocation),
            image: try ImageReference(invocation), labels: try invocation.pairs("labels"))
    }
}

extension Resources {
    /// The amounts that the parameters `vcpus`, `memory` and `disk` describe.
    package init(_ invocation: Invocation) throws(OperationError) {
        self.init(
            vcpus: Int(try invocation.integer("vcpus")), memory: try invocation.size("memory"),
            disk: try invocation.size("disk"))
    }
}

extension Invocation {
    /// The entries `name:value` of a list.
    package func pairs(_ name: String) throws(OperationError) -> [String: String] {
        var pairs: [String: String] = [:]
        for entry in self.list(name) {
            guard let colon = entry.firstIndex(of: ":"), colon != entry.startIndex else {
                throw OperationError(
                    .badRequest, "an entry of \(name) must be name:value; \(entry.quoted) is not")
            }
            pairs[String(entry[..<colon])] = String(entry[entry.index(after: colon)...])
        }
        return pairs
    }
}
