/* Options of files: flags for opening, and what acts on an entry or a descriptor. */
#include "opt/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr/addr.h"
#include "unit.h"

static struct address *parse(const char *text, int direction)
{
	struct address *address = address_parse(text, direction, NULL);

	if (address == NULL) {
		printf("%s\n", unit_message);
		abort();
	}
	return address;
}

/* The options and the direction make the flags of open(2). */
static void test_flags(void)
{
	static const struct {
		const char *text;
		int direction, start, flags;
	} cases[] = {
		{"open:x", ADDR_READ, 0, O_RDONLY}, {"open:x", ADDR_WRITE, 0, O_WRONLY},
		{"open:x", ADDR_BOTH, 0, O_RDWR},
		{"open:x,creat,excl,trunc", ADDR_WRITE, 0, O_WRONLY | O_CREAT | O_EXCL | O_TRUNC},
		{"open:x,creat=0", ADDR_WRITE, O_CREAT, O_WRONLY},
		{"open:x,rdonly=1,wronly=1", ADDR_BOTH, 0, O_WRONLY},
		{"open:x,rdonly", ADDR_WRITE, 0, O_RDONLY},
		{"open:x,rdonly=0", ADDR_WRITE, 0, O_WRONLY},
		{"open:x,append,sync,nonblock", ADDR_WRITE, 0,
		 O_WRONLY | O_APPEND | O_SYNC | O_NONBLOCK},
		{"open:x,noatime,nofollow,direct,noctty", ADDR_READ, 0,
		 O_RDONLY | O_NOATIME | O_NOFOLLOW | O_DIRECT},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address *address = parse(cases[i].text, cases[i].direction);

		CHECK_NUMBER(open_flags(address->reader, cases[i].start),
		             cases[i].flags | O_CLOEXEC | O_NOCTTY);
		CHECK_NUMBER(open_mode(address->reader), 0666);
		address_free(address);
	}
}

/* The one flag that is there without being asked for. */
static void test_controlling_terminal(void)
{
	struct address *address = parse("open:x,noctty=0", ADDR_READ);

	CHECK_NUMBER(open_flags(address->reader, 0), O_RDONLY | O_CLOEXEC);
	address_free(address);
}

static void make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);

	CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10);
	close(fd);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_mode & 07777 : (mode_t)-1;
}

/* Early and late options act on the entry; one that does not exist is left alone. */
static void test_entry(const char *path)
{
	struct address *address = parse("open:x,perm-early=640,unlink-late,unlink-early",
	                                ADDR_READ);
	struct spec *spec = address->reader;

	CHECK_NUMBER(spec_apply(spec, PH_EARLY, -1, path), 0);
	CHECK_NUMBER(spec_apply(spec, PH_PREOPEN, -1, path), 0);
	make(path);
	CHECK_NUMBER(spec_apply(spec, PH_PREOPEN, -1, path), 0);
	CHECK_NUMBER(mode_of(path), 0640);
	CHECK_NUMBER(spec_apply(spec, PH_PASTOPEN, -1, path), 0);
	CHECK_NUMBER(mode_of(path), (mode_t)-1);
	address_free(address);
	CHECK_SILENT();
}

/* perm is an argument of open(2) where that is used, and a chmod(2) elsewhere; perm-late
 * always acts. */
static void test_perm(const char *path)
{
	struct address *address = parse("open:x,perm=600,perm-late=604", ADDR_READ);
	struct address *other = parse("fd:3,perm=600", ADDR_READ);
	int fd;

	make(path);
	chmod(path, 0666);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_NUMBER(open_mode(address->reader), 0600);
	CHECK_NUMBER(spec_apply(address->reader, PH_FD, fd, path), 0);
	CHECK_NUMBER(mode_of(path), 0666);
	CHECK_NUMBER(spec_apply(address->reader, PH_LATE, fd, path), 0);
	CHECK_NUMBER(mode_of(path), 0604);
	CHECK_NUMBER(spec_apply(other->reader, PH_FD, fd, NULL), 0);
	CHECK_NUMBER(mode_of(path), 0600);
	close(fd);
	address_free(address);
	address_free(other);
	CHECK_SILENT();
}

/* Position, size, flags and locks of a descriptor. */
static void test_descriptor(const char *path)
{
	struct address *address = parse("open:x,seek=4,ftruncate=6,append,cloexec=0,setlk,"
	                                "flock-ex-nb", ADDR_BOTH);
	struct spec *spec = address->reader;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd;

	make(path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK_NUMBER(spec_apply(spec, PH_FD, fd, path), 0);
	CHECK_NUMBER(spec_apply(spec, PH_LATE, fd, path), 0);
	CHECK_NUMBER(lseek(fd, 0, SEEK_CUR), 4);
	CHECK_NUMBER(lseek(fd, 0, SEEK_END), 6);
	CHECK(fcntl(fd, F_GETFL) & O_APPEND);
	CHECK_NUMBER(fcntl(fd, F_GETFD), 0);
	/* A lock of another open description shows that ours is there. */
	CHECK_NUMBER(fcntl(fd, F_OFD_GETLK, &lock), 0);
	CHECK_NUMBER(lock.l_type, F_WRLCK);
	CHECK_NUMBER(lock.l_pid, getpid());
	close(fd);
	address_free(address);
	CHECK_SILENT();
}

int main(void)
{
	char directory[] = "/tmp/file_test.XXXXXX", path[64];

	CHECK(mkdtemp(directory) != NULL);
	snprintf(path, sizeof path, "%s/file", directory);
	test_flags();
	test_controlling_terminal();
	test_entry(path);
	test_perm(path);
	test_descriptor(path);
	unlink(path);
	rmdir(directory);
	return unit_done();
}
