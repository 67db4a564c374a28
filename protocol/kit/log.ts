import { plainJson } from './terminal.ts'

/** The log: one JSON line for each event, on standard error. Log a change of state, not every poll. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

export interface Log {
  debug(event: string, fields?: Record<string, unknown>): void
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  error(event: string, fields?: Record<string, unknown>): void
  /** the same log with these fields in every line */
  child(fields: Record<string, unknown>): Log
}

const SECRET = /(password|secret|token|authorization|apikey)/i

/** For JSON.stringify: fields named like a secret print as `[secret]`, errors as their message. */
function safe(key: string, value: unknown): unknown {
  if (key && SECRET.test(key) && value !== undefined && value !== null) return '[secret]'
  if (value instanceof Error) return value.message
  if (typeof value === 'bigint') return Number(value)
  return value
}

export function createLog(options: {
  level?: Level
  write?: (line: string) => void
  now?: () => number
  fields?: Record<string, unknown>
}): Log {
  const {
    level = 'info',
    write = (line) => process.stderr.write(line),
    now = Date.now,
    fields = {},
  } = options
  const least = LEVELS.indexOf(level)
  const at =
    (l: Level) =>
    (event: string, more: Record<string, unknown> = {}) => {
      if (LEVELS.indexOf(l) < least) return
      const line = { time: new Date(now()).toISOString(), level: l, event, ...fields, ...more }
      write(`${plainJson(line, 0, safe)}\n`)
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => createLog({ level, write, now, fields: { ...fields, ...more } }),
  }
}

export const SILENT: Log = createLog({ write: () => {} })
