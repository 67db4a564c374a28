import { inspect } from 'node:util'
import { z } from 'zod'
import { readNow } from './answering-files.ts'

/** A value that prints, logs and serialises as `[secret]`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value in clear: pass it on, never store or print it. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

/**
 * A secret in a configuration: `{ file: /run/credentials/x }`, `{ env: NAME }`, or the text itself, for a trial.
 * The newline at the end of a file is removed.
 */
export const SecretSchema = z
  .union(
    [
      z.string().min(1),
      z.strictObject({ file: z.string().min(1) }),
      z.strictObject({ env: z.string().min(1) }),
    ],
    { error: 'expected the text, { file: ... } or { env: ... }' },
  )
  .transform((source, ctx): Secret => {
    if (typeof source === 'string') return new Secret(source)
    if ('env' in source) {
      const value = process.env[source.env]
      if (value) return new Secret(value)
      ctx.addIssue({
        code: 'custom',
        path: ['env'],
        message: `${source.env} is not set in the environment; set it, or give { file: ... }`,
      })
      return z.NEVER
    }
    try {
      const text = readNow(source.file).replace(/\r?\n$/, '')
      if (text !== '') return new Secret(text)
      ctx.addIssue({
        code: 'custom',
        path: ['file'],
        message: `${source.file} is empty; write the secret into it`,
      })
      return z.NEVER
    } catch (error) {
      ctx.addIssue({
        code: 'custom',
        path: ['file'],
        message: `cannot be read: ${(error as Error).message}; check the path and its permissions`,
      })
      return z.NEVER
    }
  })
