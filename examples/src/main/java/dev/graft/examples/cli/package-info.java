/** The commands of the program: options in, files and tables out. */
package dev.graft.examples.cli;
