package import XMPP

/// A request that changes nothing: it travels as an IQ of type `get`; all others as `set`.
package protocol QueryPayload: Payload {}

extension MachineQuery: QueryPayload {}
extension ReservationQuery: QueryPayload {}
extension RowRequest: QueryPayload {}
