import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import type { DeviceClaim } from '../../plugin/claim-store.ts'
import type { StoreWarning } from '../../plugin/store.ts'
import {
  beginOf,
  type LostMark,
  lostMarks,
  lostText,
  type MarkFile,
  takenAgainFrom,
} from '../../rows/mark-file.ts'
import type { InfluxClient } from './client.ts'
import { Identity } from './identity.ts'
import type { LatestRows } from './latest-rows.ts'
import { type AgentMark, marksByAgent } from './points.ts'

export interface WholenessOptions {
  influx: () => InfluxClient
  who: string
  marks: LatestRows<AgentMark>
  claims: LatestRows<DeviceClaim>
  markFile?: MarkFile
  nowMs: () => number
  log: Log
}

const DAY_MS = 24 * HOUR_MS
/** How often what the marks say is compared; how many times they were written is compared at each look. */
const COMPARE_MS = 5_000
/** What a mark tells that no write leaves out. */
const tellsOf = ({ epoch, seq, life = '' }: AgentMark): string => `${epoch} ${seq} ${life}`

/** Notices that the database has lost what it held, or that it will by a retention policy of its own. */
export class Wholeness {
  readonly #o: WholenessOptions
  readonly #identity: Identity
  readonly #listeners: (() => void)[] = []
  readonly #overtaken: (() => void)[] = []
  /** what it had is not what the caller knows, who has not read the marks again yet */
  #unread = false
  /** steady clock when the marks themselves were compared last, ms */
  #comparedMs = Number.NEGATIVE_INFINITY
  readonly warnings: StoreWarning[] = []
  /** undefined: for ever, or InfluxDB does not say */
  keepsMs: number | undefined
  /** the marks that an emptied database had, until they are set back */
  #emptied: readonly AgentMark[] | undefined

  constructor(options: WholenessOptions) {
    this.#o = options
    this.#identity = new Identity(options.influx, options.nowMs)
  }

  onEmptied(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Calls `listener` whenever another program turns out to have written marks since they were read. */
  onOvertaken(listener: () => void): void {
    this.#overtaken.push(listener)
  }

  /** The caller has read the marks. */
  marksRead(): void {
    this.#unread = false
  }

  /** Reads what the database has, and holds it against the file that says how far it was. Rejects where InfluxDB does not answer. */
  async open(): Promise<void> {
    const { influx, marks, claims, markFile, nowMs } = this.#o
    await Promise.all([marks.load(), claims.load(), this.#identity.load()])
    await this.#lookAtRetention(influx())
    const was = await markFile?.read()
    if (was?.damage) this.warnings.push({ atMs: nowMs(), ...was.damage })
    const lost = lostMarks(was?.marks ?? new Map(), marks.known)
    if (lost.length > 0) {
      await marks.write(takenAgainFrom(lost).map(({ agentId, mark }) => ({ agentId, ...mark })))
      this.#tellLost(lost)
    }
    if (this.#identity.known === undefined) await this.#identity.begin()
  }

  /**
   * Resolves where the database is the one that was opened and has the marks that it had. Where it lost some, they are set back first:
   * all to the begin of their epochs, or those of a database that was put back to what it has.
   * @throws PerwattError `store-unavailable` where it is not, or until the marks were read again after that
   */
  async check(): Promise<void> {
    if (this.#emptied || !(await this.#identity.isSame())) {
      await this.#beginAgain()
      this.#refuse('the database came back without its data; agents send again what they still hold')
    }
    const { marks } = this.#o
    const isDue = performance.now() - this.#comparedMs > COMPARE_MS
    const found = await marks.compare(isDue ? tellsOf : undefined)
    if (isDue) this.#comparedMs = performance.now()
    if (found === 'behind') {
      await this.#goOnFromStored()
      this.#refuse('the database was put back to an earlier state; agents send again what they still hold')
    }
    if (found === 'ahead') {
      this.#unread = true
      for (const listener of this.#overtaken) listener()
      this.#refuse('another program has written the numbers of agents; they are read again')
    }
    if (this.#unread) this.#refuse('what it lost is read again first')
  }

  #refuse(what: string): never {
    throw new PerwattError('store-unavailable', `influx: ${what}; wait for a minute`)
  }

  /** A database that was put back: what it no longer has of each agent comes again, or is counted as lost. */
  async #goOnFromStored(): Promise<void> {
    const { marks, claims } = this.#o
    this.#unread = true
    const was = marksByAgent(marks.known)
    await marks.load()
    const lost = lostMarks(was, marksByAgent(marks.known))
    await marks.write(takenAgainFrom(lost).map(({ agentId, mark }) => ({ agentId, ...mark })))
    await claims.write([...claims.known.values()])
    this.#tellLost(lost, 'was put back to an earlier state, and lacks what it held since')
    for (const listener of this.#listeners) listener()
  }

  async #beginAgain(): Promise<void> {
    this.#unread = true
    const { marks, claims } = this.#o
    this.#emptied ??= [...marks.known.values()]
    await marks.write(this.#emptied.map(({ agentId, ...was }) => ({ agentId, ...beginOf(was) })))
    await claims.write([...claims.known.values()])
    await this.#identity.load()
    if (this.#identity.known === undefined) await this.#identity.begin()
    const lost = this.#emptied.map(({ agentId, ...was }) => ({ agentId, was }))
    this.#emptied = undefined
    this.#tellLost(lost)
    for (const listener of this.#listeners) listener()
  }

  /** Records were stored with their marks. */
  async appended(): Promise<void> {
    const { marks, claims, markFile } = this.#o
    await markFile?.note({ marks: marksByAgent(marks.known) })
    await claims.carry()
    await this.#identity.carry()
  }

  #tellLost(lost: readonly LostMark[], how = 'has lost what it held'): void {
    const { who, nowMs, log } = this.#o
    const what = `${who}: the database ${how} (${lostText(lost)})`
    const cure =
      'agents send again what they still hold, and the rest is counted as lost; restore a backup of InfluxDB if there is one'
    this.warnings.push({ atMs: nowMs(), what, cure, agents: lost.map(({ agentId }) => agentId) })
    log.error('store.emptied', { what, cure })
  }

  /** A user without the right to ask is not told: what is written is kept as long as InfluxDB keeps it. */
  async #lookAtRetention(influx: InfluxClient): Promise<void> {
    this.keepsMs = await influx.keepsMs().catch(() => undefined)
    if (this.keepsMs === undefined) return
    const { who, nowMs, log } = this.#o
    const what = `${who}: InfluxDB deletes everything that is older than ${this.keepsMs / DAY_MS} days, the ledger and issued statements too`
    const cure = 'ALTER RETENTION POLICY autogen ON <database> DURATION 0s keeps it for ever'
    this.warnings.push({ atMs: nowMs(), what, cure })
    log.warn('store.retention', { what, cure })
  }
}
