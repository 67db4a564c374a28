import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The installed InfluxDB on a free loopback port, with its data in a temporary folder. */
export interface Influxd {
  /** the same after a restart */
  readonly url: string
  readonly pid: number
  /** Ends it by SIGTERM, as an operator does, or by SIGKILL, as a power cut does; its data stays. */
  stop(signal?: NodeJS.Signals): Promise<void>
  start(): Promise<void>
  /** Removes its data while it does not run, as a new disk does. */
  empty(): Promise<void>
  /** Ends it and removes its data. */
  remove(): Promise<void>
}

/** @param settings lines for its configuration, by section: `{ http: ['auth-enabled = true'] }` */
export async function startInfluxd(settings: { http?: string[]; data?: string[] } = {}): Promise<Influxd> {
  const folder = await mkdtemp(join(tmpdir(), 'perwatt-influxd-'))
  let port = 0
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const config = join(folder, 'influxdb.conf')
    await writeFile(config, configuration(folder, port, settings))
    const started = spawn('influxd', ['-config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    child = started
    const log: string[] = []
    const failed = Promise.race([once(started, 'error'), once(started, 'exit')]).then(() => undefined)
    const listening = new Promise<number>((resolve) => {
      createInterface({ input: started.stderr }).on('line', (line) => {
        log.push(line)
        // level=info msg="Listening on HTTP" service=httpd addr=127.0.0.1:39021
        const found = /Listening on HTTP.*addr=\S*?:(\d+)/.exec(line)
        if (found) resolve(Number(found[1]))
      })
    })
    const got = await Promise.race([listening, failed])
    if (got === undefined)
      throw new Error(`influxd did not start; its last lines:\n${log.slice(-5).join('\n')}`)
    port = got
  }

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    running.kill(signal)
    await ended
  }

  try {
    await start()
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    get pid() {
      return child?.pid ?? 0
    },
    start,
    stop,
    async empty() {
      for (const part of ['meta', 'data', 'wal'])
        await rm(join(folder, part), { recursive: true, force: true })
    },
    async remove() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const configuration = (folder: string, port: number, settings: { http?: string[]; data?: string[] }) => `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
${(settings.data ?? []).join('\n')}
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
${(settings.http ?? []).join('\n')}
[monitor]
  store-enabled = false
`
