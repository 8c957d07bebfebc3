/** How results, progress and names look as text on a terminal. */
package dev.graft.examples.cli.text;
