package import CloudModel
package import Placement

/// An application and what is wanted of it, as a coordinator keeps it.
package struct StoredApplication: Hashable, Sendable {
    package let owner: String
    package let created: Instant
    package var saga: ApplicationSaga
    /// Rises with each change; an older change never overwrites a newer one.
    package var revision: Int

    package init(owner: String, created: Instant, saga: ApplicationSaga, revision: Int) {
        self.owner = owner
        self.created = created
        self.saga = saga
        self.revision = revision
    }

    package var id: ApplicationID { self.saga.id }
}
