import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { addressOf, familyOf } from './rig.ts'

/**
 * The least that polling can cost: the same sockets opened in the same order and at the same pace, the same questions sent, the
 * same bytes read up to their NUL or end, and thrown away.
 */
const { values } = parseArgs({
  options: {
    prefix: { type: 'string', default: '127.60' },
    count: { type: 'string', default: '1000' },
    intervalMs: { type: 'string', default: '10000' },
  },
})
const count = Number(values.count)
const intervalMs = Number(values.intervalMs)

const ask = (host: string, request: object): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port: 4028, noDelay: true })
    socket.on('connect', () => socket.write(JSON.stringify(request)))
    const finish = () => {
      socket.destroy()
      resolve()
    }
    socket.on('data', (chunk) => {
      if (chunk.indexOf(0) >= 0) finish()
    })
    socket.on('end', finish)
    socket.on('error', reject)
  })

async function poll(host: string, asks: readonly object[]): Promise<void> {
  for (const request of asks) await ask(host, request)
}

for (let i = 0; i < count; i++)
  setTimeout(
    () => {
      const once = () => poll(addressOf(values.prefix, i), familyOf(i).requests)
      void once()
      setInterval(once, intervalMs)
    },
    (i / count) * intervalMs,
  )
process.stdout.write('ready\n')
