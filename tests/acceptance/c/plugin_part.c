// A library, with a dependency of its own if NEEDS is its name.
#ifdef NEEDS
int part(void);
int plugin(void) { return part() + 1; }
#else
int part(void) { return 41; }
#endif
