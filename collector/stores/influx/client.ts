import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { InfluxDB, type IPoint } from 'influx'
import type { PerwattError } from '../../../protocol/kit/errors.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import type { Secret } from '../../../protocol/kit/secret.ts'
import { explain, isGone } from './explain.ts'
import { durationOf } from './influxql.ts'
import { MEASUREMENTS, type Row } from './measurements.ts'
import { writeSparing } from './refused-points.ts'

export interface InfluxOptions {
  /** base address of InfluxDB 1.x, with any path in front of its API: `http://127.0.0.1:8086` */
  url: string
  database: string
  username?: string
  password?: Secret
  /** for each request with its answer; 30 s where absent */
  deadlineMs?: number
}

const DEADLINE_MS = 30_000
/** Batch size that the InfluxDB 1.x documentation suggests. */
const POINTS_PER_WRITE = 5000

/** The library would disable a failed host for a while ("No host available"). There is only one here: keep it enabled. */
const NEVER_DISABLED = { getDelay: () => 0, next: () => NEVER_DISABLED, reset: () => NEVER_DISABLED }

/** A client of one InfluxDB. Its errors are PerwattErrors that say what to do next. */
export class InfluxClient {
  readonly #influx: InfluxDB
  readonly #agent: HttpAgent
  readonly #who: string
  readonly #database: string
  readonly #deadlineMs: number

  constructor({ url, database, username, password, deadlineMs = DEADLINE_MS }: InfluxOptions) {
    const { protocol, hostname, port, pathname, origin } = new URL(url)
    const secure = protocol === 'https:'
    this.#who = `influx ${origin}`
    this.#database = database
    this.#deadlineMs = deadlineMs
    this.#agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
    this.#influx = new InfluxDB({
      database,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: password.reveal() }),
      hosts: [
        {
          host: hostname,
          port: Number(port) || (secure ? 443 : 80),
          protocol: secure ? 'https' : 'http',
          path: pathname === '/' ? '' : pathname.replace(/\/$/, ''),
          options: { agent: this.#agent },
        },
      ],
      // one retry: the server may have closed a kept-alive connection since its last use
      pool: { backoff: NEVER_DISABLED, maxRetries: 1, requestTimeout: deadlineMs },
      // copies, because the library adds the database's name to them
      schema: MEASUREMENTS.map((measurement) => ({ ...measurement })),
    })
  }

  /** Creates the database where it is missing. Lists first, because CREATE DATABASE needs an administrator. */
  async open(): Promise<void> {
    await this.#try(async () => {
      const names = await this.#influx.getDatabaseNames()
      if (!names.includes(this.#database)) await this.#influx.createDatabase(this.#database)
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Writes all points that the database takes. @throws PerwattError `store-refused` that names those that it does not */
  async write(points: readonly IPoint[]): Promise<void> {
    await writeSparing(points, async (part) => {
      for (let first = 0; first < part.length; first += POINTS_PER_WRITE)
        await this.#try(() =>
          this.#influx.writePoints(part.slice(first, first + POINTS_PER_WRITE), { precision: 'ms' }),
        )
    })
  }

  /** How long the database keeps points, ms; undefined where it keeps them for ever. */
  async keepsMs(): Promise<number | undefined> {
    const policies = await this.#try(() => this.#influx.showRetentionPolicies(this.#database))
    return durationOf(policies.find((policy) => policy.default)?.duration ?? '0s')
  }

  /** Rows of a SELECT; `time` in ms. Each row has the tags that the statement groups by. */
  async rows(query: string): Promise<Row[]> {
    const { results } = await this.#query(query, 'GET')
    return results.flatMap((result) =>
      (result.series ?? []).flatMap(({ columns, values, tags }) =>
        values.map((value) => ({
          ...tags,
          ...(Object.fromEntries(columns.map((name, i) => [name, value[i] ?? null])) as Row),
        })),
      ),
    )
  }

  /** Runs DELETE statements, one after another. */
  async remove(statements: readonly string[]): Promise<void> {
    if (statements.length > 0) await this.#query(statements.join('; '), 'POST')
  }

  async #query(query: string, method: 'GET' | 'POST'): Promise<Answer> {
    return this.#try(async (signal) => {
      const answer = (await this.#influx.queryRaw(query, { precision: 'ms', method, signal })) as Answer
      const failed = answer.results.find((result) => result.error)
      if (failed) throw new Error(failed.error)
      return answer
    })
  }

  /** A database that is gone is made again, so that the next attempt finds it. Its identity (identity.ts) shows that its data is gone. */
  async #explained(error: unknown): Promise<PerwattError> {
    const explained = explain(error, this.#who, this.#database)
    if (isGone(explained.message))
      await withDeadline(() => this.#influx.createDatabase(this.#database), this.#deadlineMs).catch(
        () => undefined,
      )
    return explained
  }

  async #try<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      // the library's own time-out counts silence only: an answer that breaks off would never end
      return await withDeadline(work, this.#deadlineMs)
    } catch (error) {
      throw await this.#explained(error)
    }
  }
}

interface Answer {
  results: {
    error?: string
    series?: {
      columns: string[]
      values: (string | number | boolean | null)[][]
      tags?: Record<string, string>
    }[]
  }[]
}
