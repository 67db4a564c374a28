import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundlePrograms, type Program, startProgram } from './programs.ts'
import { addressOf } from './rig.ts'

/**
 * `perwatt-agent scan` of 1,024 addresses with 500 machines: the other addresses first refuse every connection, as switched-on
 * things without a miner's minerPorts do, and then drop it, as nothing does.
 */
const { values } = parseArgs({
  options: { hung: { type: 'string', default: '0' } },
})
const MACHINES = 500
const ADDRESSES = 1024
const PREFIX = '127.61'
/** Connections that a listening queue of 1 takes before the kernel drops the next. */
const QUEUE = 2

const { folder, remove } = await bundlePrograms()
const home = mkdtempSync(join(tmpdir(), 'perwatt-bench-scan-'))
const running: Program[] = []
const fillers: Socket[] = []
const start: typeof startProgram = async (...args) => {
  const program = await startProgram(...args)
  running.push(program)
  return program
}

async function scanRun(name: string): Promise<void> {
  const file = join(home, `${name}.yaml`)
  const beganMs = performance.now()
  const scan = await start(folder, 'agent', {
    args: ['scan', `${PREFIX}.0.0/22`, '--write', file],
    core: 0,
  })
  let peakBytes = 0
  let cpuS = 0
  const watch = setInterval(() => {
    try {
      // not a number once it has ended
      peakBytes = scan.peakRssBytes() || peakBytes
      cpuS = scan.cpuS()
    } catch {
      // it has just ended
    }
  }, 100)
  const status = await scan.ended
  clearInterval(watch)
  const tookS = (performance.now() - beganMs) / 1000
  const found = readFileSync(file, 'utf8').match(/^ *- id:/gm)?.length
  process.stdout.write(
    `${name.padEnd(30)} ${tookS.toFixed(1)} s, peak RSS ${(peakBytes / 2 ** 20).toFixed(0)} MiB, CPU ${cpuS.toFixed(1)} s, ${found} machines found, exit status ${status}\n`,
  )
}

/** Makes these addresses drop connections. */
async function silence(indexes: readonly number[]): Promise<void> {
  const silent = await start(folder, 'silent', {
    args: ['--prefix', PREFIX, '--indexes', indexes.join(',')],
    core: 1,
    ready: 'ready',
  })
  silent.signal('SIGSTOP')
  await Promise.all(
    indexes.flatMap((index) =>
      Array.from({ length: QUEUE }, () => {
        const socket = connect({ host: addressOf(PREFIX, index), port: 4028 })
        fillers.push(socket)
        return new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
      }),
    ),
  )
}

try {
  await start(folder, 'machines', {
    args: ['--prefix', PREFIX, '--count', String(MACHINES), '--every', '2', '--hung', values.hung],
    core: 1,
    ready: 'ready',
  })
  await scanRun('other addresses refuse')
  const others = Array.from({ length: ADDRESSES }, (_, i) => i).filter(
    (i) => i % 2 === 1 || i >= 2 * MACHINES,
  )
  await silence(others)
  await scanRun('other addresses are silent')
} finally {
  for (const socket of fillers) socket.destroy()
  for (const program of running) {
    program.signal('SIGCONT')
    await program.stop()
  }
  rmSync(home, { recursive: true, force: true })
  remove()
}
