/**
 * How a process knows that this program started it, with its own variables and none of the runtime's.
 *
 * @module
 */

/**
 * An option before the command: this process was started by this program, with such an environment.
 * An argument says so, because whoever sets the environment does not choose the arguments. Its value is
 * `alone`, or `watched`: the process ends as soon as its standard input does.
 */
export const IN_OWN_ENVIRONMENT = "--in-own-environment";
