import CloudModel
package import Operations

extension OperationTable {
    /// Registers `status` and `version`.
    ///
    /// `status` is asked each time: what is wrong by the part's name, nil for what is well.
    package mutating func registerProcess(
        version: String, roles: [String], status: @escaping @Sendable () async -> [(String, String?)]
    ) {
        let site = self.site
        self.register("version") { _, _ async throws(OperationError) in
            OperationResult(site: site, value: ["name": "Tradewind", "version": .string(version)])
        }
        self.register("status") { _, _ async throws(OperationError) in
            var object = Value.Object()
            object["site"] = .string(site.address)
            object["roles"] = .array(roles.map(Value.string))
            for (part, fault) in await status() { object[part] = .string(fault ?? "ok") }
            return OperationResult(site: site, value: .object(object))
        }
    }
}
