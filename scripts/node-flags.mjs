/**
 * How Node runs the command line. Without these flags it hangs for ever now and then, when it ends while V8 compiles in the background:
 * the compiler's thread waits for a garbage collection by the main thread, which waits for that thread (nodejs/node#54918; measured: one of
 * a hundred short copies).
 */
export const nodeFlags = ['--no-concurrent-recompilation', '--no-concurrent-sparkplug'];
