import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { z } from 'zod'
import { AuditSchema, type AuditView } from '../../../collector/books/audit-views.ts'
import { HeldQueries } from '../../../collector/books/held-queries.ts'
import { LedgerQueries } from '../../../collector/books/ledger-queries.ts'
import { Doubts } from '../../../collector/doubts/doubts.ts'
import { Quarantine } from '../../../collector/intake/quarantine.ts'
import { TakeBack } from '../../../collector/intake/take-back.ts'
import { TakeIn } from '../../../collector/intake/take-in.ts'
import type { PoolSituation } from '../../../collector/plugin/situation.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import { createServer, type ScreensServer } from '../../../collector/screens/server.ts'
import { createDuckdbStore } from '../../../collector/stores/duckdb/duckdb.ts'
import { type Explanation, ExplanationSchema } from '../../../collector/views/explanation.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { Secret } from '../../../protocol/kit/secret.ts'
import type { QuoteName } from '../../../protocol/quote.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { KNOWN, LedgerRig, POOL, record, T0, TENANT } from '../ledger-rig.ts'
import { createScene } from './scene.ts'

export const TOKEN = 'a-token-of-this-test'
export const iso = (minute: number): string => new Date(T0 + minute * MINUTE_MS).toISOString()

/** One of each kind of work, and the site meter. */
export const minuteOfAll = (over: Partial<Interval>[] = []): Interval[] => [
  record(0, 'meter', { energyMilliJ: 400_000_123, ...over[0] }),
  record(0, 'rig1', { workDiff1: 1_234_567, ...over[1] }),
  record(0, 'rig1', { owner: { ...POOL, poolRole: 'devfee' }, workDiff1: 9_999, energyMilliJ: 1_001 }),
  record(0, 'node/gpu0', { owner: TENANT, gpuMs: 41_237, energyMilliJ: 31_415_926, ...over[2] }),
  record(0, 'llm', { owner: { service: 'chat' }, tokensIn: 777_777, tokensOut: 88_888, ...over[3] }),
]

/** The API of a collector that runs on a real DuckDB, and what its commands print. */
export class BooksRig {
  readonly store: Store
  readonly quarantine: Quarantine
  readonly #folder = mkdtempSync(join(tmpdir(), 'perwatt-books-'))
  ledger: LedgerRig
  /** what pools say they credited */
  pools: PoolSituation[] = []
  url = ''
  #server: ScreensServer | undefined

  /** @param prices those that are known; the ledger rig's where absent */
  constructor(prices?: readonly (readonly [QuoteName, number])[]) {
    writeFileSync(join(this.#folder, 'token'), `${TOKEN}\n`)
    const path = join(this.#folder, 'ledger.duckdb')
    this.store = createDuckdbStore({ path, memoryLimitMb: 128, log: SILENT })
    this.quarantine = new Quarantine(this.store, SILENT)
    this.ledger = new LedgerRig(this.store, undefined, [], undefined, prices)
  }

  async start(): Promise<this> {
    await this.store.open()
    await this.ledger.start()
    await this.serve({ token: true })
    return this
  }

  #takeIn(): TakeIn {
    const { store, quarantine, ledger } = this
    return new TakeIn({
      store,
      flush: () => quarantine.flush(),
      markOf: (agentId) => ledger.records.markOf(agentId),
      decide: (request) => ledger.repricer.decide(request),
      freshJudge: () => {
        const doubts = new Doubts({
          device: (_, deviceId) => ({ deviceId, kind: 'asic', driver: 'antminer', expectedHashrateHs: 2e14 }),
          gpusOf: () => 0,
          powerLimitW: () => undefined,
          nowMs: () => ledger.nowMs,
        })
        return (agentId, record) => doubts.judge(agentId, record)
      },
      alone: (work) => ledger.records.alone(work),
      nowMs: () => ledger.nowMs,
      retentionMs: 30 * 86_400_000,
      log: SILENT,
    })
  }

  #takeBack(): TakeBack {
    const { store, ledger } = this
    return new TakeBack({
      store,
      decide: (request) => ledger.repricer.decide(request),
      alone: (work) => ledger.records.alone(work),
      log: SILENT,
    })
  }

  async stop(): Promise<void> {
    vi.restoreAllMocks()
    await this.#server?.close()
    await this.ledger.stop()
    await this.store.close()
    rmSync(this.#folder, { recursive: true })
  }

  /** Serves the present ledger, in place of an earlier one. */
  async serve({ token }: { token: boolean }): Promise<void> {
    await this.#server?.close()
    const { store, quarantine, ledger: rig } = this
    const { records, pricing, repricer, latePrices } = rig
    this.#server = createServer({
      views: createScene(),
      queries: new LedgerQueries({
        store,
        records,
        pricing,
        repricer,
        quarantine,
        latePrices,
        devices: KNOWN,
        pools: () => this.pools,
      }),
      held: new HeldQueries({
        store,
        repricer,
        takeIn: this.#takeIn(),
        takeBack: this.#takeBack(),
        nowMs: () => rig.nowMs,
      }),
      assets: {},
      log: SILENT,
      version: '1.2.3',
      now: () => rig.nowMs,
      ...(token ? { token: new Secret(TOKEN) } : {}),
    })
    const { address, port } = await this.#server.listen('127.0.0.1', 0)
    this.url = `http://${address}:${port}`
  }

  async ask(path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.url}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }

  async explained(workload: string, minute = 0): Promise<Explanation> {
    const { body } = await this.ask(`/api/v1/explain?workload=${workload}&minute=${iso(minute)}`)
    return ExplanationSchema.parse(body)
  }

  async audited(query = ''): Promise<AuditView[]> {
    return z.array(AuditSchema).parse((await this.ask(`/api/v1/audit${query}`)).body)
  }

  /** The audit of a repricing, when it is done. */
  async done(id: string): Promise<AuditView> {
    const query = `?id=${encodeURIComponent(id)}`
    const [audit] = await eventually(
      () => this.audited(query),
      ([found]) => found?.done === true,
    )
    return audit!
  }

  /** What a command of the program prints. */
  async printed(
    run: (options: { config: string; url: string; tokenFile: string }) => Promise<void>,
  ): Promise<string> {
    let text = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += chunk
      return true
    })
    try {
      await run({ config: 'unused', url: this.url, tokenFile: join(this.#folder, 'token') })
    } finally {
      vi.mocked(process.stdout.write).mockRestore()
    }
    return text
  }
}
