/**
 * An error with a code and one line for people: who, what, and what to do next, as in
 * `antminer rack3-07: no reply in 5000 ms from 10.0.3.7:4028; check power and API access`.
 * Return it or log it, not both.
 */
export class PerwattError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PerwattError'
    this.code = code
  }
}

/** A fault in the configuration, the command line or the environment: exit status 2. One line for each fault. */
export class UsageError extends PerwattError {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super('usage', lines.join('\n'))
    this.lines = lines
  }
}

/** The message of a thrown value, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  // the reason stands in `cause`: fetch says only "fetch failed", and node:http only that the request was aborted
  const hidden = error.message === 'fetch failed' || error.name === 'AbortError'
  if (hidden && error.cause instanceof Error) return reasonOf(error.cause)
  return error.message.split('\n', 1)[0] || error.name
}
