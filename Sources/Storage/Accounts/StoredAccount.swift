/// Everything kept of one account, except its offline messages.
package struct StoredAccount: Hashable, Sendable {
    package var account: AccountRecord
    package var credentials: [CredentialRecord]
    package var roster: StoredRoster

    package init(account: AccountRecord, credentials: [CredentialRecord], roster: StoredRoster) {
        self.account = account
        self.credentials = credentials
        self.roster = roster
    }
}
