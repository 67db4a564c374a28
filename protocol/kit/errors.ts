/**
 * An error that a person can act on: a code, who, what, and what to do next, in one line:
 * `antminer rack3-07: no reply in 5000 ms from 10.0.3.7:4028; check power and API access`.
 * It is returned or logged, not both.
 */
export class PerwattError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PerwattError'
    this.code = code
  }
}

/** The configuration, the command line or the environment is wrong: exit status 2. Each line is one fault. */
export class UsageError extends PerwattError {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super('usage', lines.join('\n'))
    this.lines = lines
  }
}

/** The text of anything thrown, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  // fetch hides the reason ("fetch failed") in its cause, node:http the reason of an abort
  const hidden = error.message === 'fetch failed' || error.name === 'AbortError'
  if (hidden && error.cause instanceof Error) return reasonOf(error.cause)
  return error.message.split('\n', 1)[0] || error.name
}
