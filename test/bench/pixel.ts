import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connectAsync } from 'mqtt'
import type { Page } from 'playwright-core'
import { parse } from 'yaml'
import type { LiveMessage } from '../../protocol/sample.ts'
import { agentTopics, parseTopic } from '../../protocol/topics.ts'
import { launchChromium } from '../chromium.ts'
import { percentile } from './programs.ts'

/**
 * How old a figure is when it is painted: the demo site with its real processes, and its wall in Chromium. All of them have one clock. Prints,
 * by how often a device is read, the time from a reading to its pixel, from a change at the device to its pixel, and the messages of
 * each agent; then the time from the start of an agent to its first sample. `npm run bench:pixel -- --seconds 60`
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    // the first readings of all devices, and the sessions that learn their machines
    warmUp: { type: 'string', default: '25' },
    starts: { type: 'string', default: '5' },
  },
})
const SITE = 'demo'
/** A change may come at any moment between two readings; so many of them are taken. */
const CHANGES = 20

interface Reading {
  device: string
  observedAtMs: number
  /** the message was heard beside the collector */
  arrivedMs: number
}
/** A frame of the stream: the moment of its figures, and when the browser had painted them. Unix ms */
interface Painted {
  atMs: number
  paintedMs: number
}

const print = (text: string) => process.stdout.write(`${text}\n`)
const folder = mkdtempSync(join(tmpdir(), 'perwatt-bench-pixel-'))

async function startDemo() {
  const port = String(20_000 + (process.pid % 10_000))
  const args = ['--data', folder, '--port', port, '--broker-port', String(Number(port) + 100)]
  const base = `127.${20 + (process.pid % 80)}.9.1`
  const child = spawn(process.execPath, [
    resolve('dist/perwatt-collector.js'),
    'demo',
    ...args,
    '--base',
    base,
  ])
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  const ended = new Promise((done) => child.once('exit', done))
  const found = () => /Live screen: +(http:\S+\/wall)/.exec(text)?.[1]
  for (let i = 0; i < 1_200 && found() === undefined && child.exitCode === null; i++) await sleep(100)
  const wall = found()
  const brokerPort = /embedded broker \(127\.0\.0\.1:(\d+)\)/.exec(text)?.[1]
  const stop = () => {
    child.kill('SIGINT')
    return ended
  }
  if (wall === undefined || brokerPort === undefined) {
    await stop()
    throw new Error(`the demo did not start:\n${text}`)
  }
  return { wall, broker: `mqtt://127.0.0.1:${brokerPort}`, stop }
}

/** Notes in the page when each frame was painted: the second animation frame after it comes when the first one is on the screen. */
const NOTE_FRAMES = `
  window.painted = []
  const Original = window.EventSource
  window.EventSource = class extends Original {
    constructor(...args) {
      super(...args)
      this.addEventListener('frame', (event) => {
        const { atMs } = JSON.parse(event.data).site
        requestAnimationFrame(() => requestAnimationFrame(() => window.painted.push({ atMs, paintedMs: Date.now() })))
      })
    }
  }`
const paintedIn = (page: Page) => page.evaluate('window.painted') as Promise<Painted[]>

/** When each reading was on the screen: with the first frame whose figures are of a later moment than its message. */
function pixels(
  readings: readonly Reading[],
  painted: readonly Painted[],
): (Reading & { paintedMs: number })[] {
  return readings.flatMap((reading) => {
    const frame = painted.find(({ atMs }) => atMs >= reading.arrivedMs)
    return frame ? [{ ...reading, paintedMs: frame.paintedMs }] : []
  })
}

const p = (ms: readonly number[], part: number) => `${(percentile([...ms], part) / 1000).toFixed(2)} s`
const spread = (ms: readonly number[]) =>
  `p50 ${p(ms, 0.5)}, p90 ${p(ms, 0.9)}, p99 ${p(ms, 0.99)}, max ${p(ms, 1)}`

function tell(shown: readonly (Reading & { paintedMs: number })[]): void {
  const byDevice = new Map<string, (Reading & { paintedMs: number })[]>()
  for (const reading of shown)
    byDevice.set(reading.device, [...(byDevice.get(reading.device) ?? []), reading])
  const byPoll = new Map<number, { toPixel: number[]; ofChange: number[]; devices: number }>()
  for (const readings of byDevice.values()) {
    const gaps = readings.slice(1).map((r, i) => r.observedAtMs - (readings[i] as Reading).observedAtMs)
    if (gaps.length < 2) continue
    const pollS = Math.max(1, Math.round(percentile([...gaps], 0.5) / 1000))
    const group = byPoll.get(pollS) ?? { toPixel: [], ofChange: [], devices: 0 }
    byPoll.set(pollS, group)
    group.devices++
    for (const [i, gapMs] of gaps.entries()) {
      const { observedAtMs, paintedMs } = readings[i + 1] as Reading & { paintedMs: number }
      group.toPixel.push(paintedMs - observedAtMs)
      for (let k = 0; k < CHANGES; k++)
        group.ofChange.push(paintedMs - observedAtMs + (gapMs * (k + 0.5)) / CHANGES)
    }
  }
  for (const [pollS, { toPixel, ofChange, devices }] of [...byPoll].sort(([a], [b]) => a - b)) {
    print(`read every ${pollS} s: ${devices} devices, ${toPixel.length} readings`)
    print(`  reading to pixel ${spread(toPixel)} (wanted: p99 1.00 s)`)
    print(
      `  sensor to pixel  ${spread(ofChange)} (wanted: p50 ${(pollS / 2 + 0.75).toFixed(2)} s, p99 ${(pollS + 1).toFixed(2)} s)`,
    )
  }
}

/** User and system time of a process, ms: fields 14 and 15 of its stat, in hundredths of a second (proc(5)). */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

/** From the start of an agent's process to its first sample at the broker, and the CPU that it took until then. It reads the demo's miners under a name of its own. */
async function firstSample(broker: string, run: number): Promise<{ wallMs: number; cpuMs: number }> {
  const agent = `start-${run}`
  const config = parse(readFileSync(join(folder, 'mining.yaml'), 'utf8')) as object
  const file = join(folder, `${agent}.yaml`)
  writeFileSync(file, JSON.stringify({ ...config, agent, spool: { folder: join(folder, agent) } }))
  const client = await connectAsync(broker, { clientId: `bench-start-${run}` })
  await client.subscribeAsync(`perwatt/1/${SITE}/${agent}/live`)
  const heard = new Promise<number>((done) => client.once('message', () => done(performance.now())))
  const beganMs = performance.now()
  const child = spawn(process.execPath, [resolve('dist/perwatt-agent.js'), 'run', '--config', file], {
    stdio: 'ignore',
  })
  const wallMs = (await heard) - beganMs
  const cpuMs = cpuMsOf(child.pid ?? 0)
  child.kill('SIGTERM')
  await new Promise((done) => child.once('exit', done))
  await client.endAsync(true)
  return { wallMs, cpuMs }
}

const demo = await startDemo()
const browser = await launchChromium()
try {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
  await page.addInitScript(NOTE_FRAMES)
  await page.goto(demo.wall)
  const readings: Reading[] = []
  const messages = new Map<string, number[]>()
  const client = await connectAsync(demo.broker, { clientId: 'bench-pixel' })
  client.on('message', (name, payload) => {
    const { channel, agent = '' } = parseTopic(name) ?? {}
    if (channel !== 'live') return
    const arrivedMs = Date.now()
    messages.set(agent, [...(messages.get(agent) ?? []), arrivedMs])
    const { ids, observedAtMs } = JSON.parse(payload.toString()) as LiveMessage
    for (const [k, id] of ids.entries())
      readings.push({ device: `${agent} ${id}`, observedAtMs: observedAtMs[k] ?? 0, arrivedMs })
  })
  await client.subscribeAsync(agentTopics(SITE))
  await sleep(Number(values.warmUp) * 1000)
  readings.length = 0
  messages.clear()
  const beganMs = Date.now()
  await sleep(Number(values.seconds) * 1000)
  const tookS = (Date.now() - beganMs) / 1000
  const measured = [...readings]
  await sleep(3_000)
  const painted = await paintedIn(page)
  const frames = painted.filter(({ atMs }) => atMs >= beganMs && atMs < beganMs + tookS * 1000).length
  tell(pixels(measured, painted))
  print(`frames ${(frames / tookS).toFixed(2)} a second`)
  for (const [agent, times] of messages)
    print(
      `messages of ${agent.padEnd(13)} ${(times.filter((t) => t < beganMs + tookS * 1000).length / tookS).toFixed(2)} a second`,
    )
  await client.endAsync(true)
  const starts: { wallMs: number; cpuMs: number }[] = []
  for (let run = 0; run < Number(values.starts); run++) starts.push(await firstSample(demo.broker, run))
  const wallMs = starts.map((start) => start.wallMs)
  const cpuMs = starts.map((start) => start.cpuMs)
  print(`start of an agent to its first sample: ${spread(wallMs)} of ${starts.length} (wanted: 1.50 s)`)
  print(`  CPU until then: p50 ${p(cpuMs, 0.5)}, max ${p(cpuMs, 1)}`)
} finally {
  await browser.close()
  await demo.stop()
  rmSync(folder, { recursive: true, force: true })
}
