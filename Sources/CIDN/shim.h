#pragma once
#include <idn2.h>
#include <uninorm.h>
#include <unictype.h>
#include <unicase.h>
