import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { ledgerChunks } from '../../../collector/books/ledger-chunks.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import type { Assets } from '../../../collector/screens/pages/assets.ts'
import { createServer, type ScreensServer } from '../../../collector/screens/server.ts'
import { createDuckdbStore } from '../../../collector/stores/duckdb/duckdb.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { Secret } from '../../../protocol/kit/secret.ts'
import type { RulesOptions } from '../rules.ts'
import { StatementRig } from '../statement-rig.ts'
import { createScene } from './scene.ts'

/** The rules begin after the months of the tests: their contracts count only in the minutes that a test settles. */
const RULES_FROM_MS = Date.UTC(2027, 0, 1)
export const TOKEN = 'a-token-of-this-test'

/** The API of a collector over a real DuckDB whose minutes tests settle, and what its commands print. */
export class ReportsRig {
  readonly store: Store
  readonly site: StatementRig
  readonly #folder = mkdtempSync(join(tmpdir(), 'perwatt-reports-'))
  readonly #server: ScreensServer
  url = ''

  constructor({ assets = {}, ...rules }: Partial<RulesOptions> & { assets?: Assets } = {}) {
    writeFileSync(join(this.#folder, 'token'), `${TOKEN}\n`)
    this.store = createDuckdbStore({
      path: join(this.#folder, 'l.duckdb'),
      memoryLimitMb: 128,
      log: SILENT,
    })
    this.site = new StatementRig(this.store, rules)
    const { store } = this
    const { pricing, statements } = this.site
    this.#server = createServer({
      views: createScene(),
      ledger: { ledger: (query) => ledgerChunks({ store, pricing }, query) },
      statements,
      assets,
      log: SILENT,
      version: '1.2.3',
      now: () => this.site.nowMs,
      token: new Secret(TOKEN),
    })
  }

  async start(): Promise<this> {
    await this.store.open()
    await this.site.start(RULES_FROM_MS)
    const { address, port } = await this.#server.listen('127.0.0.1', 0)
    this.url = `http://${address}:${port}`
    return this
  }

  async stop(): Promise<void> {
    vi.restoreAllMocks()
    await this.#server.close()
    await this.store.close()
    rmSync(this.#folder, { recursive: true })
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` }, ...init })
  }

  // biome-ignore lint/suspicious/noExplicitAny: the tests check its shape
  async ask(path: string): Promise<{ status: number; body: any }> {
    const response = await this.get(path)
    return { status: response.status, body: await response.json() }
  }

  /** What a command of the program writes to stdout (`out`) and stderr (`err`). */
  async printed(
    run: (options: { config: string; url: string; tokenFile: string }) => Promise<void>,
  ): Promise<{ out: string; err: string }> {
    const text = { out: '', err: '' }
    const into = (name: keyof typeof text) => (chunk: string | Uint8Array) => {
      text[name] += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk)
      return true
    }
    vi.spyOn(process.stdout, 'write').mockImplementation(into('out'))
    vi.spyOn(process.stderr, 'write').mockImplementation(into('err'))
    try {
      await run({ config: 'unused', url: this.url, tokenFile: join(this.#folder, 'token') })
    } finally {
      vi.mocked(process.stdout.write).mockRestore()
      vi.mocked(process.stderr.write).mockRestore()
    }
    return text
  }
}
