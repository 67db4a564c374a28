import { Command, CommanderError } from 'commander'
import { reasonOf, UsageError } from './errors.ts'
import { onUnwritable, printError, printed, writeError } from './terminal.ts'
import { VERSION } from './version.ts'

/** Exit statuses of both programs; `usage`: the command line, the configuration or the environment is wrong. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const

/** A program with perwatt's version, help and error options. */
export function createProgram(name: string, description: string): Command {
  return (
    new Command(name)
      .description(description)
      .version(VERSION, '-V, --version', 'print the version')
      .helpOption('-h, --help', 'print this help')
      .helpCommand(false)
      .exitOverride()
      // it quotes the command line, which may have been pasted
      .configureOutput({ writeErr: writeError })
      .configureHelp({ showGlobalOptions: true })
      .showSuggestionAfterError()
      .addHelpText('after', '\nExit status: 0 done, 1 failed, 2 wrong command line or configuration.')
  )
}

/** Runs a program, prints its error, one line for each fault, and sets the exit status. */
export async function runProgram(program: Command, argv: readonly string[] = process.argv): Promise<void> {
  for (const command of program.commands) command.exitOverride()
  onUnwritable(endsUnread)
  try {
    await program.parseAsync(argv)
  } catch (error) {
    process.exitCode = statusOf(error, program.name())
  }
}

/**
 * Ends the program once all that it printed is written, though a socket of a machine that hangs would keep it running. The only way to
 * end a command early.
 */
export async function endWith(status: number): Promise<void> {
  await printed()
  process.exit(status)
}

/** `perwatt-agent probe | head`: nobody reads the rest, so the program ends without a word, as others do. */
function endsUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}

function statusOf(error: unknown, name: string): number {
  // commander has already printed the message
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (error instanceof UsageError) {
    for (const line of error.lines) printError(`${name}: ${line}`)
    return EXIT.usage
  }
  printError(`${name}: ${reasonOf(error)}`)
  return EXIT.failed
}
