/* Settings of terminals: the bits of struct termios, its characters and its speeds.
 *
 * The options are not applied one by one: a driver with one speed for both directions, say, would
 * see half of what is wanted. So major says what an option is about (enum subject), minor which
 * bits, character or speed, and termios_apply() makes all changes with one system call.
 *
 * The kernel takes what it can and says nothing of the rest: a pseudo terminal always has eight
 * bits and no parity. To find which bits an option decides on we have it change settings that are
 * all zeros and others that are all ones: those are the bits that come out equal.
 */
#include "opt/termios.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>

#include "opt/family.h"
#include "opt/termios_change.h"
#include "sys/log.h"
#include "sys/request.h"
#include "sys/termios2.h"
#include "sys/text.h"

/* Hardware can't make every speed exactly; receivers bear 3 %. */
static bool speed_differs(unsigned wanted, unsigned got)
{
	uint64_t difference = wanted > got ? wanted - got : got - wanted;

	return wanted != 0 && difference * 100 > 3 * (uint64_t)wanted;
}

/* Did the driver leave out what the option is about? */
static bool ignored(const struct opt_value *value, const struct termios2 *wanted,
                    const struct termios2 *got)
{
	enum subject subject = SUBJECT(value->def);
	struct termios2 zeros, ones;
	bool differs = false;

	if (subject == SPEED || subject == SPEED_OUT)
		return speed_differs(wanted->c_ospeed, got->c_ospeed);
	if (subject == SPEED_IN)
		return speed_differs(wanted->c_ispeed, got->c_ispeed);
	memset(&zeros, 0, sizeof(zeros));
	memset(&ones, 0xff, sizeof(ones));
	termios_change(&zeros, value);
	termios_change(&ones, value);
	/* what is about everything leaves the hardware to the driver */
	if (subject >= RAW && subject <= SANE)
		zeros.c_cflag = ~ones.c_cflag;
	differs |= (wanted->c_iflag ^ got->c_iflag) & ~(zeros.c_iflag ^ ones.c_iflag);
	differs |= (wanted->c_oflag ^ got->c_oflag) & ~(zeros.c_oflag ^ ones.c_oflag);
	differs |= (wanted->c_lflag ^ got->c_lflag) & ~(zeros.c_lflag ^ ones.c_lflag);
	differs |= (wanted->c_cflag ^ got->c_cflag) & ~(zeros.c_cflag ^ ones.c_cflag) &
	           ~(tcflag_t)(CBAUD | CIBAUD);
	for (int i = 0; i < NCCS; i++)
		differs |= (wanted->c_cc[i] ^ got->c_cc[i]) & ~(zeros.c_cc[i] ^ ones.c_cc[i]) & 0xff;
	return differs;
}

static bool is_setting(const struct opt_value *value)
{
	return (value->def->groups & G_TERMIOS) && value->def->phase == PH_FD &&
	       SUBJECT(value->def) != SIZE;
}

static void warn_of_ignored(const struct opt_value *opts, size_t count,
                            const struct opt_target *target, const struct termios2 *wanted,
                            const struct termios2 *got)
{
	char where[240], option[120];

	for (size_t i = 0; i < count; i++)
		if (is_setting(&opts[i]) && ignored(&opts[i], wanted, got))
			log_warn("%s: option \"%s\" is not in effect as a whole: the terminal can't do it",
			         text_printable(target->where, where, sizeof(where)),
			         text_printable(opts[i].text, option, sizeof(option)));
}

static int apply_settings(const struct opt_value *opts, size_t count,
                          const struct opt_target *target)
{
	const struct opt_value *first = NULL;
	struct termios2 wanted, got;

	for (size_t i = 0; i < count; i++) {
		if (!is_setting(&opts[i]))
			continue;
		if (first == NULL) {
			first = &opts[i];
			if (termios2_get(target->fd, &wanted) < 0)
				return opt_failed(first, target, "tcgetattr()");
		}
		termios_change(&wanted, &opts[i]);
	}
	if (first == NULL)
		return 0;
	termios_join_speeds(&wanted);
	if (termios2_set(target->fd, &wanted) < 0)
		return opt_failed(first, target, "tcsetattr()");
	if (termios2_get(target->fd, &got) < 0)
		return opt_failed(first, target, "tcgetattr()");
	warn_of_ignored(opts, count, target, &wanted, &got);
	return 0;
}

int termios_apply(const struct opt_value *opts, size_t count, const struct opt_target *target)
{
	if (apply_settings(opts, count, target) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct winsize size = { .ws_row = (unsigned short)opts[i].ints[1],
		                        .ws_col = (unsigned short)opts[i].ints[0] };

		if ((opts[i].def->groups & G_TERMIOS) && SUBJECT(opts[i].def) == SIZE &&
		    sys_ioctl(target->fd, TIOCSWINSZ, &size) < 0)
			return opt_failed(&opts[i], target, "ioctl(TIOCSWINSZ)");
	}
	return 0;
}

static const char *check_bits(struct opt_value *value)
{
	return value->number <= 3 ? NULL : "is out of range (0 to 3, for 5 to 8 bits)";
}

static const char *check_delay(struct opt_value *value)
{
	return value->number <= 3 ? NULL : "is out of range (0 to 3)";
}

static const char *check_word(struct opt_value *value)
{
	return value->ints[0] >= 0 && value->ints[0] <= 3 ? NULL :
	       "names no word (0 c_iflag, 1 c_oflag, 2 c_cflag, 3 c_lflag)";
}

static const char *check_size(struct opt_value *value)
{
	for (int i = 0; i < 2; i++)
		if (value->ints[i] < 0 || value->ints[i] > USHRT_MAX)
			return "is out of range (columns and rows are 0 to 65535)";
	return NULL;
}

#define OPTION(name_, aliases_, kind_, major_, minor_, check_) \
	{name_, aliases_, G_TERMIOS, PH_FD, kind_, NULL, (int)(major_), (int)(minor_), NULL, check_}
#define FLAG(name_, aliases_, word_, bit_) OPTION(name_, aliases_, K_BOOL, word_, bit_, NULL)
#define CHOICE(name_, mask_, bits_) \
	OPTION(name_, NULL, K_CONST, CHOICE | (mask_) << 8, bits_, NULL)
#define FIELD(name_, mask_, kind_, check_) \
	OPTION(name_, NULL, kind_, FIELD | (mask_) << 8, 0, check_)
#define CHARACTER(name_, aliases_, which_) \
	OPTION(name_, aliases_, K_BYTE, CHARACTER, which_, NULL)
#define BAUD(speed_) OPTION("b" #speed_, NULL, K_CONST, SPEED, speed_, NULL)

static const struct optdef defs[] = {
	FLAG("brkint", NULL, IFLAG, BRKINT),
	FLAG("icrnl", NULL, IFLAG, ICRNL),
	FLAG("ignbrk", NULL, IFLAG, IGNBRK),
	FLAG("igncr", NULL, IFLAG, IGNCR),
	FLAG("ignpar", NULL, IFLAG, IGNPAR),
	FLAG("imaxbel", NULL, IFLAG, IMAXBEL),
	FLAG("inlcr", NULL, IFLAG, INLCR),
	FLAG("inpck", NULL, IFLAG, INPCK),
	FLAG("istrip", NULL, IFLAG, ISTRIP),
	FLAG("iuclc", NULL, IFLAG, IUCLC),
	FLAG("ixany", NULL, IFLAG, IXANY),
	FLAG("ixoff", "tandem", IFLAG, IXOFF),
	FLAG("ixon", NULL, IFLAG, IXON),
	FLAG("parmrk", NULL, IFLAG, PARMRK),
	FLAG("ocrnl", NULL, OFLAG, OCRNL),
	FLAG("ofdel", NULL, OFLAG, OFDEL),
	FLAG("ofill", NULL, OFLAG, OFILL),
	FLAG("olcuc", NULL, OFLAG, OLCUC),
	FLAG("onlcr", NULL, OFLAG, ONLCR),
	FLAG("onlret", NULL, OFLAG, ONLRET),
	FLAG("onocr", NULL, OFLAG, ONOCR),
	FLAG("opost", NULL, OFLAG, OPOST),
	FLAG("clocal", NULL, CFLAG, CLOCAL),
	FLAG("cread", NULL, CFLAG, CREAD),
	FLAG("crtscts", NULL, CFLAG, CRTSCTS),
	FLAG("cstopb", NULL, CFLAG, CSTOPB),
	FLAG("hupcl", "hup", CFLAG, HUPCL),
	FLAG("parenb", NULL, CFLAG, PARENB),
	FLAG("parodd", NULL, CFLAG, PARODD),
	FLAG("echo", NULL, LFLAG, ECHO),
	FLAG("echoctl", "ctlecho", LFLAG, ECHOCTL),
	FLAG("echoe", "crterase", LFLAG, ECHOE),
	FLAG("echok", NULL, LFLAG, ECHOK),
	FLAG("echoke", "crtkill", LFLAG, ECHOKE),
	FLAG("echonl", NULL, LFLAG, ECHONL),
	FLAG("echoprt", "prterase", LFLAG, ECHOPRT),
	FLAG("flusho", NULL, LFLAG, FLUSHO),
	FLAG("icanon", NULL, LFLAG, ICANON),
	FLAG("iexten", NULL, LFLAG, IEXTEN),
	FLAG("isig", NULL, LFLAG, ISIG),
	FLAG("noflsh", NULL, LFLAG, NOFLSH),
	FLAG("pendin", NULL, LFLAG, PENDIN),
	FLAG("tostop", NULL, LFLAG, TOSTOP),
	FLAG("xcase", NULL, LFLAG, XCASE),
	CHOICE("bs0", BSDLY, BS0),
	CHOICE("bs1", BSDLY, BS1),
	FIELD("bsdly", BSDLY, K_BOOL, NULL),
	CHOICE("cr0", CRDLY, CR0),
	CHOICE("cr1", CRDLY, CR1),
	CHOICE("cr2", CRDLY, CR2),
	CHOICE("cr3", CRDLY, CR3),
	FIELD("crdly", CRDLY, K_UINT, check_delay),
	CHOICE("cs5", CSIZE, CS5),
	CHOICE("cs6", CSIZE, CS6),
	CHOICE("cs7", CSIZE, CS7),
	CHOICE("cs8", CSIZE, CS8),
	FIELD("csize", CSIZE, K_UINT, check_bits),
	CHOICE("ff0", FFDLY, FF0),
	CHOICE("ff1", FFDLY, FF1),
	FIELD("ffdly", FFDLY, K_BOOL, NULL),
	CHOICE("nl0", NLDLY, NL0),
	CHOICE("nl1", NLDLY, NL1),
	FIELD("nldly", NLDLY, K_BOOL, NULL),
	CHOICE("tab0", TABDLY, TAB0),
	CHOICE("tab1", TABDLY, TAB1),
	CHOICE("tab2", TABDLY, TAB2),
	CHOICE("tab3", TABDLY, TAB3),
	CHOICE("xtabs", TABDLY, TAB3),
	FIELD("tabdly", TABDLY, K_UINT, check_delay),
	CHOICE("vt0", VTDLY, VT0),
	CHOICE("vt1", VTDLY, VT1),
	FIELD("vtdly", VTDLY, K_BOOL, NULL),
	CHARACTER("vdiscard", "discard", VDISCARD),
	CHARACTER("veof", "eof", VEOF),
	CHARACTER("veol", "eol", VEOL),
	CHARACTER("veol2", "eol2", VEOL2),
	CHARACTER("verase", "erase", VERASE),
	CHARACTER("vintr", "intr", VINTR),
	CHARACTER("vkill", "kill", VKILL),
	CHARACTER("vlnext", "lnext", VLNEXT),
	CHARACTER("vmin", "min", VMIN),
	CHARACTER("vquit", "quit", VQUIT),
	CHARACTER("vreprint", "reprint rprnt", VREPRINT),
	CHARACTER("vstart", "start", VSTART),
	CHARACTER("vstop", "stop", VSTOP),
	CHARACTER("vsusp", "susp", VSUSP),
	CHARACTER("vswtc", "swtc swtch", VSWTC),
	CHARACTER("vtime", "time", VTIME),
	CHARACTER("vwerase", "werase", VWERASE),
	BAUD(0),
	BAUD(50),
	BAUD(75),
	BAUD(110),
	BAUD(134),
	BAUD(150),
	BAUD(200),
	BAUD(300),
	BAUD(600),
	BAUD(1200),
	BAUD(1800),
	BAUD(2400),
	BAUD(4800),
	BAUD(7200),
	BAUD(9600),
	BAUD(19200),
	BAUD(38400),
	BAUD(57600),
	BAUD(115200),
	BAUD(230400),
	BAUD(460800),
	BAUD(500000),
	BAUD(576000),
	BAUD(921600),
	BAUD(1000000),
	BAUD(1152000),
	BAUD(1500000),
	BAUD(2000000),
	BAUD(2500000),
	BAUD(3000000),
	BAUD(3500000),
	BAUD(4000000),
	OPTION("ispeed", NULL, K_UINT, SPEED_IN, 0, NULL),
	OPTION("ospeed", NULL, K_UINT, SPEED_OUT, 0, NULL),
	OPTION("raw", NULL, K_CONST, RAW, 0, NULL),
	OPTION("termios-rawer", "rawer", K_CONST, RAWER, 0, NULL),
	OPTION("termios-cfmakeraw", "cfmakeraw", K_CONST, CFMAKERAW, 0, NULL),
	OPTION("sane", NULL, K_CONST, SANE, 0, NULL),
	OPTION("termios-setflags", "setflags", K_INT_INT, WORD, 0, check_word),
	OPTION("tiocswinsz", "winsz", K_INT_INT, SIZE, 0, check_size),
	/* by those who make the terminal */
	{"tiocsctty", "ctty", G_TERMIOS, PH_LATE2, K_BOOL, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_termios, "terminals", defs);
