/* A shared object without tracepoints between a program and one that has some. */
void emit(unsigned long thread, unsigned long events);

void emit_by_another(void)
{
    emit(0, 1);
}
