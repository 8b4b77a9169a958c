#include "sys/version.h"

/* The build gives both; a compiler that just looks at the file needs something too. */
#ifndef SOCAT_VERSION
#define SOCAT_VERSION "unknown"
#endif
#ifndef SOCAT_BUILD_DATE
#define SOCAT_BUILD_DATE "unknown"
#endif

const char socat_version[] = SOCAT_VERSION;
const char socat_build_date[] = SOCAT_BUILD_DATE;
