/** What a fine-tuning is made of: its data, its start, its recipe, its folder; no command line. */
package dev.graft.examples.run;
