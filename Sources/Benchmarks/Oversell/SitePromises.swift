/// What a site's own API says it has promised.
struct SitePromises: Sendable {
    private struct MachineView: Decodable {
        let id: String
        let state: String

        /// Whether it takes room; the in-memory driver leaves nothing of a machine that failed.
        var occupies: Bool { self.state != "failed" }
    }

    private struct ReservationView: Decodable {
        let id: String
    }

    /// Machines that took room and holds that were open, all of them at one moment.
    let promised: Int
    /// Machines of any state, and holds.
    let left: Int

    /// Nil while the site does not answer.
    ///
    /// No request tells both, so machines are counted that are there before and after the holds are read: a lower bound,
    /// and all there is while nothing changes.
    static func read(from client: ControlClient) async throws -> Self? {
        do {
            let before = try await client.ask("GET", "/machines", as: [MachineView].self).value
            let held = try await client.ask("GET", "/reservations", as: [ReservationView].self).value
            let after = try await client.ask("GET", "/machines", as: [MachineView].self).value
            guard let before, let held, let after else { return nil }
            let occupying = Set(before.filter(\.occupies).map(\.id))
                .intersection(after.filter(\.occupies).map(\.id))
            return Self(promised: occupying.count + held.count, left: after.count + held.count)
        } catch {
            // It is down; whoever waits for it says so if it stays so.
            try Task.checkCancellation()
            return nil
        }
    }
}
