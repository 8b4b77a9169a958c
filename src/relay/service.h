/* What a service manager is told (sd_notify(3)): datagrams of lines "NAME=value" to the UNIX socket
 * that the environment variable NOTIFY_SOCKET names. Without the variable nothing happens. Only the
 * first process speaks. What goes wrong is one warning, nothing more. */
#ifndef RELAY_SERVICE_H
#define RELAY_SERVICE_H

#include <stdint.h>

/* Take NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no program
 * gets them. Needs the loop. */
void service_init(void);

/* Everything is open, or read anew (READY=1). what, text: for people, as in "serving TCP-LISTEN:80".
 * From now on the loop's turning is told, twice in the time of WATCHDOG_USEC, if WATCHDOG_PID is this
 * process or not set. */
void service_ready(const char *what, const char *text);
/* What can be read anew is going to be (RELOADING=1). */
void service_reloading(void);
/* The end has begun, and may take so long, in nanoseconds (STOPPING=1). */
void service_stopping(int64_t grace);

#endif
