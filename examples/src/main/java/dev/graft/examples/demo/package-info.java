/** The demonstration: generated phantoms, a source task to learn from, and what transfer gains. */
package dev.graft.examples.demo;
