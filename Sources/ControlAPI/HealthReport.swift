package import Operations

/// Whether this process can do its work, and if not, why.
package struct HealthReport: Hashable, Sendable {
    package struct Check: Hashable, Sendable {
        package let name: String
        /// What is wrong, for people; nil if nothing is.
        package let fault: String?

        package init(_ name: String, fault: String? = nil) {
            self.name = name
            self.fault = fault
        }
    }

    package let checks: [Check]

    package init(_ checks: [Check]) {
        self.checks = checks
    }

    package var isHealthy: Bool { self.checks.allSatisfy { $0.fault == nil } }

    package var value: Value {
        var checks = Value.Object()
        for check in self.checks { checks[check.name] = check.fault.map(Value.string) ?? "ok" }
        return ["healthy": .bool(self.isHealthy), "checks": .object(checks)]
    }
}
