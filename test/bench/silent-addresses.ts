import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
import { addressOf } from './rig.ts'

/**
 * Loopback addresses that look switched off: whoever starts this stops the process (SIGSTOP) and fills the one place in each
 * queue; the kernel then drops every further attempt to connect, as a network does for a machine that isn't there.
 */
const { values } = parseArgs({
  options: { prefix: { type: 'string', default: '127.60' }, indexes: { type: 'string', default: '' } },
})
const opened = values.indexes.split(',').map(
  (index) =>
    new Promise<void>((resolve, reject) => {
      const server = createServer((socket) => socket.destroy())
      server.once('error', reject)
      server.listen({ port: 4028, host: addressOf(values.prefix, Number(index)), backlog: 1 }, resolve)
    }),
)
await Promise.all(opened)
process.stdout.write('ready\n')
