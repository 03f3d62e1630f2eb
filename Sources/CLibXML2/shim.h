/* libxml2's headers pull in ICU, which clashes with the ICU inside Foundation: switch that part off before it is read. */
#pragma once
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/SAX2.h>
#include <libxml/xmlerror.h>
