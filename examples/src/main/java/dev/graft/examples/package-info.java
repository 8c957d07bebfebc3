/** The program {@code graft} and runnable use cases. */
package dev.graft.examples;
