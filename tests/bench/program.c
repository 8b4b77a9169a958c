/* The program that the benchmark's connections run: one byte tells that it was there. */
#include <unistd.h>

int main(void)
{
	return write(STDOUT_FILENO, "x", 1) == 1 ? 0 : 1;
}
