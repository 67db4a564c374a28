import { connect } from 'node:net'
import type { AsicModel } from '../../../agent/simulator/asic/asic-model.ts'
import { AsicMachine } from '../../../agent/simulator/asic/machine.ts'
import { ASIC_MODELS } from '../../../agent/simulator/asic/models.ts'
import { createRandom } from '../../../agent/simulator/base/random.ts'

/** Everything that a machine sends until it closes; rejects as the socket does. */
export function ask(host: string, port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let reply = ''
    const socket = connect(port, host, () => socket.write(request))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      reply += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(reply))
  })
}

export const command = (name: string): string => JSON.stringify({ command: name })

export function machineOf(model: AsicModel = ASIC_MODELS.s19pro, seed = 1): AsicMachine {
  const pools = [
    { url: 'stratum+tcp://btc.pool.example:3333', user: 'demosite.c01r01s01' },
    { url: 'stratum+tcp://backup.pool.example:3333', user: 'demosite.c01r01s01' },
    { url: 'stratum+tcp://third.pool.example:3333', user: 'demosite.c01r01s01' },
  ] as const
  const machine = new AsicMachine('m', model, '02:0a:00:00:00:01', pools, createRandom(seed))
  run(machine, 60)
  return machine
}

export function run(machine: AsicMachine, seconds: number): void {
  for (let i = 0; i < seconds; i++) machine.advance(1)
}
