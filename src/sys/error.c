#include "sys/error.h"

#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>

struct words {
	int error;
	const char *text;
};

static const struct words texts[] = {
	{ EADDRINUSE, "Address already in use" },
	{ EADDRNOTAVAIL, "Cannot assign requested address" },
	{ EAGAIN, "Resource temporarily unavailable" },
	{ ECONNABORTED, "Software caused connection abort" },
	{ EHOSTUNREACH, "No route to host" },
	{ EISCONN, "Transport endpoint is already connected" },
	{ ELOOP, "Too many levels of symbolic links" },
	{ EMFILE, "Too many open files" },
	{ ENAMETOOLONG, "File name too long" },
	{ ENETUNREACH, "Network is unreachable" },
	{ ENFILE, "Too many open files in system" },
	{ ENOBUFS, "No buffer space available" },
	{ ENOMEM, "Cannot allocate memory" },
	{ ENOTCONN, "Transport endpoint is not connected" },
	{ ENOTSOCK, "Socket operation on non-socket" },
	{ EOPNOTSUPP, "Operation not supported" },
	{ ETIMEDOUT, "Connection timed out" },
	{ ENOTTY, "Inappropriate ioctl for device" },
	{ ESPIPE, "Illegal seek" },
	{ EXDEV, "Invalid cross-device link" },
	{ ETXTBSY, "Text file busy" },
	{ EBUSY, "Device or resource busy" },
	{ EAFNOSUPPORT, "Address family not supported by protocol" },
	{ EPROTONOSUPPORT, "Protocol not supported" },
	{ EPROTOTYPE, "Protocol wrong type for socket" },
	{ ERANGE, "Numerical result out of range" },
	{ EDOM, "Numerical argument out of domain" },
};

static const struct words lookup_texts[] = {
	{ EAI_NONAME, "Name or service not known" },
	{ EAI_AGAIN, "Temporary failure in name resolution" },
	{ EAI_FAIL, "Non-recoverable failure in name resolution" },
	{ EAI_FAMILY, "ai_family not supported" },
	{ EAI_NODATA, "No address associated with hostname" },
};

static const char *find(const struct words *list, size_t count, int error)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].error == error)
			return list[i].text;
	return NULL;
}

const char *error_text(int error)
{
	const char *text = find(texts, sizeof(texts) / sizeof(texts[0]), error);

	return text != NULL ? text : strerror(error);
}

const char *error_lookup_text(int error)
{
	const char *text = find(lookup_texts, sizeof(lookup_texts) / sizeof(lookup_texts[0]), error);

	return text != NULL ? text : gai_strerror(error);
}
