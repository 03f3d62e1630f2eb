#pragma once
#include <stddef.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* VIR_DOMAIN_EVENT_CALLBACK is a cast between function types, which Swift cannot write. */
static inline int tradewind_register_lifecycle(virConnectPtr connection, virConnectDomainEventCallback callback,
                                               void *opaque, virFreeCallback release)
{
    return virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                            VIR_DOMAIN_EVENT_CALLBACK(callback), opaque, release);
}
