/** Messages that name settings, so that a hint is true in Java and on a command line. */
package dev.graft.message;
