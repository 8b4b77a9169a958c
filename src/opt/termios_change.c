#include "opt/termios_change.h"

/* Their bits in c_cflag are 0, 1, 2 ..., and above 38400 B57600, B57600 + 1 ... */
static const unsigned speeds[] = {
	0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
	57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000,
	2500000, 3000000, 3500000, 4000000,
};
_Static_assert(B38400 == 15 && B115200 == B57600 + 1 && B4000000 == B57600 + 14, "order of speeds");

static tcflag_t speed_bits(unsigned speed)
{
	for (unsigned i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i] == speed)
			return i <= B38400 ? i : B57600 + (i - B38400 - 1);
	return BOTHER;
}

static void set_bits(tcflag_t *word, tcflag_t mask, tcflag_t bits)
{
	*word = (*word & ~mask) | bits;
}

/* Bits of 0 mean: the same as the output. */
static void set_input_speed(struct termios2 *t, unsigned speed)
{
	set_bits(&t->c_cflag, CIBAUD, speed_bits(speed) << IBSHIFT);
	t->c_ispeed = speed;
}

/* The input keeps the speed that it has shared with the output until now. */
static void set_output_speed(struct termios2 *t, unsigned speed)
{
	if ((t->c_cflag & CIBAUD) == 0)
		set_input_speed(t, t->c_ospeed);
	set_bits(&t->c_cflag, CBAUD, speed_bits(speed));
	t->c_ospeed = speed;
}

static void set_speed(struct termios2 *t, unsigned speed)
{
	set_bits(&t->c_cflag, CBAUD | CIBAUD, speed_bits(speed));
	t->c_ispeed = t->c_ospeed = speed;
}

/* Reading returns with the first byte. */
static void unbuffered(struct termios2 *t)
{
	t->c_cc[VMIN] = 1;
	t->c_cc[VTIME] = 0;
}

static void make_raw(struct termios2 *t)
{
	t->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | IGNPAR | PARMRK | INPCK | ISTRIP | INLCR | IGNCR |
	                          ICRNL | IUCLC | IXON | IXANY | IXOFF | IMAXBEL);
	t->c_oflag &= ~(tcflag_t)OPOST;
	t->c_lflag &= ~(tcflag_t)(ISIG | ICANON | XCASE);
	unbuffered(t);
}

/* Of the hardware only the speed stays. */
static void make_rawer(struct termios2 *t)
{
	t->c_iflag = t->c_oflag = t->c_lflag = 0;
	t->c_cflag = (t->c_cflag & (CBAUD | CIBAUD)) | CS8 | CREAD;
	unbuffered(t);
}

/* As cfmakeraw(3). */
static void cfmakeraw2(struct termios2 *t)
{
	t->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	t->c_oflag &= ~(tcflag_t)OPOST;
	t->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	set_bits(&t->c_cflag, CSIZE | PARENB, CS8);
	unbuffered(t);
}

/* Much like "stty sane", but the characters stay. */
static void make_sane(struct termios2 *t)
{
	set_bits(&t->c_iflag, IGNBRK | INLCR | IGNCR | IUCLC | IXANY | IXOFF,
	         BRKINT | ICRNL | IMAXBEL);
	t->c_oflag = OPOST | ONLCR;
	t->c_cflag |= CREAD;
	set_bits(&t->c_lflag, XCASE | ECHONL | NOFLSH | TOSTOP | ECHOPRT,
	         ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE);
}

void termios_join_speeds(struct termios2 *t)
{
	if (t->c_ispeed == t->c_ospeed && (t->c_cflag & CIBAUD) == (t->c_cflag & CBAUD) << IBSHIFT)
		t->c_cflag &= ~(tcflag_t)CIBAUD;
}

static tcflag_t *word_of(struct termios2 *t, int number)
{
	tcflag_t *const words[] = { &t->c_iflag, &t->c_oflag, &t->c_cflag, &t->c_lflag };

	return words[number];
}

void termios_change(struct termios2 *t, const struct opt_value *value)
{
	const struct optdef *def = value->def;
	enum subject subject = SUBJECT(def);
	tcflag_t mask = MASK(def), number = (tcflag_t)value->number, bits = (tcflag_t)def->minor;

	switch (subject) {
	case IFLAG: case OFLAG: case CFLAG: case LFLAG:
		set_bits(word_of(t, (int)subject), bits, number != 0 ? bits : 0);
		break;
	case FIELD:
		/* times the lowest bit of the mask: the value in its place */
		set_bits(word_of(t, mask == CSIZE ? CFLAG : OFLAG), mask, number * (mask & (0 - mask)));
		break;
	case CHOICE:
		set_bits(word_of(t, mask == CSIZE ? CFLAG : OFLAG), mask, bits);
		break;
	case CHARACTER:
		t->c_cc[def->minor] = (cc_t)number;
		break;
	case SPEED:
		set_speed(t, (unsigned)def->minor);
		break;
	case SPEED_IN:
		set_input_speed(t, number);
		break;
	case SPEED_OUT:
		set_output_speed(t, number);
		break;
	case RAW:
		make_raw(t);
		break;
	case RAWER:
		make_rawer(t);
		break;
	case CFMAKERAW:
		cfmakeraw2(t);
		break;
	case SANE:
		make_sane(t);
		break;
	case WORD:
		*word_of(t, value->ints[0]) = (tcflag_t)value->ints[1];
		break;
	case SIZE:
		break;
	}
}
