// The peer of examples/hello.pg, for its size.
extern void write(const char *text, int length);
__attribute__((visibility("default"))) void run(void) { write("hello from image 0 of 1\n", 24); }
