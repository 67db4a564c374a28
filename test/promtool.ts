import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './mosquitto.ts'

const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

/** Debian's package `prometheus` brings both. */
export const hasPrometheus = isThere('promtool') && isThere('prometheus')

/** What `promtool check metrics` finds wrong with a page in Prometheus' text; nothing where it is clean. */
export function promtoolFaults(page: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  })
  return status === 0 ? '' : `${stdout}${stderr}`
}

/** Throws with promtool's words where a file of rules is wrong. */
export const checkRules = (file: string): string =>
  execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })

export interface Prometheus {
  url: string
  /** the result of an instant query: labels and values */
  query(expression: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]>
  /** the last error of each target that it scrapes, by job; empty: none */
  errors(): Promise<Record<string, string>>
  stop(): Promise<void>
}

/** Debian's Prometheus on loopback, with a database in a folder of its own. @param scrapes `scrape_configs`, as JSON, which is YAML */
export async function startPrometheus(scrapes: readonly object[]): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-prometheus-'))
  const port = await freePort()
  const config = join(folder, 'prometheus.yml')
  writeFileSync(
    config,
    JSON.stringify({ global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: scrapes }),
  )
  const child: ChildProcess = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore', cwd: folder },
  )
  const url = `http://127.0.0.1:${port}`
  const get = async (path: string) => (await (await fetch(`${url}${path}`)).json()) as { data: never }
  return {
    url,
    async query(expression) {
      const answer = await get(`/api/v1/query?query=${encodeURIComponent(expression)}`)
      return (answer.data as { result: never }).result
    },
    async errors() {
      const { activeTargets } = (await get('/api/v1/targets')).data as {
        activeTargets: { labels: { job: string }; lastError: string }[]
      }
      return Object.fromEntries(activeTargets.map(({ labels, lastError }) => [labels.job, lastError]))
    },
    async stop() {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
