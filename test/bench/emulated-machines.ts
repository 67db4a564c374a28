import { parseArgs } from 'node:util'
import { FAMILY_SERVERS } from '../../agent/simulator/asic/family-servers.ts'
import { addressOf, emulatedMachine } from './rig.ts'

/**
 * Many emulated machines in a process of their own, on port 4028 of every `--every`th loopback address. Prints what it
 * served so far, each second, as JSON.
 */
const { values } = parseArgs({
  options: {
    prefix: { type: 'string', default: '127.60' },
    count: { type: 'string', default: '1000' },
    every: { type: 'string', default: '1' },
    // the first so many accept and never answer
    hung: { type: 'string', default: '0' },
  },
})
const machines = Array.from({ length: Number(values.count) }, (_, i) => emulatedMachine(i))
for (const machine of machines.slice(0, Number(values.hung))) machine.hung = true

let connections = 0
let bytes = 0
const opened = machines.map((machine, i) => {
  const server = FAMILY_SERVERS[machine.model.family][0].serve(machine, () => Date.now() / 1000)
  server.on('connection', (socket) => {
    connections++
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      bytes += socket.bytesWritten
    })
  })
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(4028, addressOf(values.prefix, i * Number(values.every)), resolve)
  })
})
await Promise.all(opened)
process.stdout.write('ready\n')
// the counters have to move, or nothing has to be accounted for
setInterval(() => {
  for (const machine of machines) machine.advance(5)
}, 5_000)
setInterval(() => process.stdout.write(`${JSON.stringify({ connections, bytes })}\n`), 1_000)
