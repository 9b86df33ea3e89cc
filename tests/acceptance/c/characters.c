/* characters ACCOUNT FILE: reads and writes single characters, by every function that there is for it. */
#define _GNU_SOURCE
#define __NO_INLINE__ 1 /* the functions, and not their bodies */
#include "account.h"
#include <errno.h>
#include <stdlib.h>

#define CHECK(holds) do { if (!(holds)) { fprintf(stderr, "line %d: %s\n", __LINE__, #holds); abort(); } } while (0)

int _IO_getc(FILE *), _IO_putc(int, FILE *), _IO_ungetc(int, FILE *);

int main(int count, char **arguments)
{
	const char *path = arguments[2];
	CHECK(count == 3 && freopen(path, "w", stdout));
	CHECK(CALL(putc, putc('a', stdout)) == 'a' && CALL(putc, _IO_putc('b', stdout)) == 'b');
	CHECK(CALL(fputc, fputc('c', stdout)) == 'c' && CALL(putchar, putchar('d')) == 'd');
	CHECK(CALL(putc, putc_unlocked('e', stdout)) == 'e' && CALL(fputc, fputc_unlocked('f', stdout)) == 'f');
	CHECK(CALL(putchar, putchar_unlocked(0xff)) == 0xff);
	CHECK(fclose(stdout) == 0 && freopen(path, "r", stdin));
	CHECK(CALL(getc, getc(stdin)) == 'a' && CALL(getc, _IO_getc(stdin)) == 'b');
	CHECK(CALL(fgetc, fgetc(stdin)) == 'c' && CALL(getchar, getchar()) == 'd');
	CHECK(CALL(getc, getc_unlocked(stdin)) == 'e' && CALL(fgetc, fgetc_unlocked(stdin)) == 'f');
	CHECK(CALL(getchar, getchar_unlocked()) == 0xff);
	CHECK(CALL(ungetc, ungetc('x', stdin)) == 'x' && CALL(getc, getc(stdin)) == 'x');
	CHECK(CALL(ungetc, _IO_ungetc('y', stdin)) == 'y' && CALL(fgetc, fgetc(stdin)) == 'y');
	errno = ERANGE;
	CHECK(CALL(getc, getc(stdin)) == EOF && errno == ERANGE);
	/* It was opened for reading. */
	CHECK(CALL(fputc, fputc('z', stdin)) == EOF && errno == EBADF);
	tell(arguments[1]);
	return 0;
}
