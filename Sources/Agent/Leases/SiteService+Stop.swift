import CloudModel
import MachineDrivers

extension SiteService {
    /// Stops a machine at once; one that does not run is left alone.
    func stop(_ id: MachineID) async throws(DriverError) {
        do throws(DriverError) {
            try await self.driver.forceOff(id)
        } catch {
            switch error {
            case .notFound: self.listing.demand()
            case .invalidState(_, let state, _):
                // Nothing is left to stop, unless it is in a state that cannot last.
                switch state {
                case .stopped, .failed, .creating, .deleted: return
                case .starting, .running, .suspended, .stopping: throw error
                }
            case .alreadyExists, .unavailable, .insufficientResources, .failed: throw error
            }
        }
    }
}
